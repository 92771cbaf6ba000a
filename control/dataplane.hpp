// SPDX-License-Identifier: GPL-2.0-only
// The BPF object of the gateway: loaded, its maps pinned (or those that are pinned taken over).
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/run_directory.hpp"
#include "ctgate/pool.h"

struct ctgate_bpf;

namespace ctgate {

enum class Side { internal, external };

class Dataplane {
  public:
    // Throws with the verifier's or libbpf's own words.
    Dataplane(const RunDirectory& directory, std::uint32_t accepted_mark);

    // Are there maps of an earlier run?
    static bool left_behind(const RunDirectory& directory);
    // The kernel functions that the programs call, by name.
    static std::vector<std::string> called_functions();

    void set_pool(int ifindex, const ctgate_pool& pool);
    // Removes the pools of all other interfaces.
    void keep_pools(const std::set<int>& ifindexes);

    // Descriptor of the program for such an interface; lives as long as this object.
    int program(Side side, bool ethernet) const;

  private:
    std::unique_ptr<ctgate_bpf, void (*)(ctgate_bpf*)> object_;
};

}  // namespace ctgate

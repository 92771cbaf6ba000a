// SPDX-License-Identifier: GPL-2.0-only
// The BPF object of the gateway: loaded, its maps pinned (or those that are pinned taken over).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/forwards.hpp"
#include "control/nat_tables.hpp"
#include "control/plan.hpp"
#include "control/port_spaces.hpp"
#include "control/run_directory.hpp"
#include "ctgate/pool.h"

struct ctgate_bpf;
struct xdp_bpf;

namespace ctgate {

enum class Side { internal, external };

class Dataplane {
  public:
    // Throws with the verifier's or libbpf's own words.
    // `sessions`: that the session cache holds; 0: the default.
    Dataplane(const RunDirectory& directory, std::uint32_t accepted_mark, std::uint64_t sessions);

    // Are there maps of an earlier run?
    static bool left_behind(const RunDirectory& directory);
    // The kernel functions that the programs call, by name.
    static std::vector<std::string> called_functions();

    // Each of these is all there is from then on.
    void set_pools(const std::map<int, ctgate_pool>& pools);     // by ifindex
    void set_internal(const std::map<int, ctgate_link>& links);  // by ifindex
    void set_addresses(const AddressUses& uses);
    void set_ports(const PortPlans& ports);
    void set_forwards(const Forwards& forwards);
    // Also makes all records of the session cache void.
    void set_nat(NatTables tables);

    PortMaps port_maps() const;

    // Descriptor of the program for such an interface; lives as long as this object.
    int ingress_program(Side side, bool ethernet) const;
    int egress_program() const;  // for external interfaces
    int xdp_program();           // loaded when it is first asked for; throws as the constructor

    struct CacheSize {
        std::uint64_t sessions = 0;
        std::uint64_t bytes = 0;  // of kernel memory
    };
    CacheSize session_cache() const;
    int session_cache_map() const;  // its descriptor

  private:
    std::unique_ptr<ctgate_bpf, void (*)(ctgate_bpf*)> object_;
    std::unique_ptr<xdp_bpf, void (*)(xdp_bpf*)> xdp_;  // shares the maps of the other
};

}  // namespace ctgate

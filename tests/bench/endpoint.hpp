// SPDX-License-Identifier: GPL-2.0-only
// Where generated packets end: endpoint.bpf.c at one interface.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/device.hpp"
#include "bench/skeleton.hpp"
#include "control/fd.hpp"
#include "endpoint.skel.h"

namespace ctgate::bench {

enum class Hook { tc, xdp };

class Endpoint {
  public:
    Endpoint(const FileDescriptor& netns, const std::vector<std::string>& interfaces, Hook hook);

    void echo(bool on) { skeleton_->bss->echo = on ? 1 : 0; }
    std::uint64_t arrived() const;

  private:
    Skeleton<endpoint_bpf> skeleton_;
    std::vector<std::unique_ptr<Attachment>> attachments_;
};

}  // namespace ctgate::bench

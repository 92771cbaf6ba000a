// SPDX-License-Identifier: GPL-2.0-only
// A BPF link between a program and an interface, pinned so that it outlives the daemon. Used by
// tcx.cpp and xdp.cpp.
#pragma once

#include <linux/bpf.h>

#include <string>

#include "control/netlink.hpp"
#include "control/run_directory.hpp"

namespace ctgate::pinned_link {

struct Kind {
    const char* name;  // the pin is link-IFINDEX-NAME
    bpf_attach_type type;
    unsigned flags = 0;  // XDP_FLAGS_*
};

// A link that is there already takes the new program. False: errno says why not.
bool attach(const Link& link, const Kind& kind, int program, const RunDirectory& directory);
void detach(int ifindex, const Kind& kind, const RunDirectory& directory);
bool is_attached(int ifindex, const Kind& kind, const RunDirectory& directory);
// The kernel's id of the program of that link; 0: there is none.
std::uint32_t program_of(int ifindex, const Kind& kind, const RunDirectory& directory);

}  // namespace ctgate::pinned_link

// SPDX-License-Identifier: GPL-2.0-only
#include "control/xdp.hpp"

#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <linux/if_link.h>

#include <cerrno>
#include <system_error>

#include "control/pinned_link.hpp"

namespace ctgate::xdp {
namespace {

constexpr pinned_link::Kind kind{"xdp", BPF_XDP, XDP_FLAGS_DRV_MODE};

}  // namespace

void attach(const Link& link, int program, const RunDirectory& directory) {
    if (!pinned_link::attach(link, kind, program, directory)) {
        throw std::system_error(
            errno, std::generic_category(),
            fmt::format("The driver of interface '{}' does not take our program in XDP (its MTU, "
                        "{}, may be too large); '--fast-path tc' does without",
                        link.name, link.mtu));
    }
}

void detach(int ifindex, const RunDirectory& directory) {
    pinned_link::detach(ifindex, kind, directory);
}

bool is_attached(int ifindex, const RunDirectory& directory) {
    return pinned_link::is_attached(ifindex, kind, directory);
}

bool is_taken(int ifindex, const RunDirectory& directory) {
    __u32 id = 0;
    return !is_attached(ifindex, directory) && bpf_xdp_query_id(ifindex, 0, &id) == 0 && id != 0;
}

}  // namespace ctgate::xdp

// SPDX-License-Identifier: GPL-2.0-only
#include "control/tcx.hpp"

#include <bpf/bpf.h>
#include <fmt/core.h>

#include <cerrno>
#include <system_error>

#include "control/pinned_link.hpp"

namespace ctgate::attachment::tcx {
namespace {

// include/uapi/linux/bpf.h since 6.6; libbpf knows them since 1.3.
constexpr auto tcx_ingress = static_cast<bpf_attach_type>(46);
constexpr auto tcx_egress = static_cast<bpf_attach_type>(47);

pinned_link::Kind kind_of(Hook hook) {
    return hook == Hook::ingress ? pinned_link::Kind{"ingress", tcx_ingress}
                                 : pinned_link::Kind{"egress", tcx_egress};
}

}  // namespace

// Without TCX the kernel does not know the type, with it there is no such interface.
bool is_supported(int program) {
    constexpr int no_such_interface = 0x7fffffff;
    const FileDescriptor link(bpf_link_create(program, no_such_interface, tcx_ingress, nullptr));
    return !link && errno != EINVAL;
}

void attach(const Link& link, Hook hook, int program, const RunDirectory& directory) {
    if (!pinned_link::attach(link, kind_of(hook), program, directory)) {
        throw std::system_error(errno, std::generic_category(),
                                fmt::format("Cannot attach to interface '{}' by TCX", link.name));
    }
}

void detach(int ifindex, Hook hook, const RunDirectory& directory) {
    pinned_link::detach(ifindex, kind_of(hook), directory);
}

bool is_attached(int ifindex, Hook hook, const RunDirectory& directory) {
    return pinned_link::is_attached(ifindex, kind_of(hook), directory);
}

std::uint32_t program_of(int ifindex, Hook hook, const RunDirectory& directory) {
    return pinned_link::program_of(ifindex, kind_of(hook), directory);
}

}  // namespace ctgate::attachment::tcx

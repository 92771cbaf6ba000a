// SPDX-License-Identifier: GPL-2.0-only
#include "control/tcx.hpp"

#include <bpf/bpf.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace ctgate::attachment::tcx {
namespace {

// include/uapi/linux/bpf.h since 6.6; libbpf knows them since 1.3.
bpf_attach_type type_of(Hook hook) {
    return static_cast<bpf_attach_type>(hook == Hook::ingress ? 46 : 47);
}

std::string pin_of(int ifindex, Hook hook, const RunDirectory& directory) {
    return directory.pin(
        fmt::format("link-{}-{}", ifindex, hook == Hook::ingress ? "ingress" : "egress"));
}

// Empty when there is none. A link whose interface has gone is of no use any more.
FileDescriptor find_link(int ifindex, Hook hook, const RunDirectory& directory) {
    FileDescriptor link(bpf_obj_get(pin_of(ifindex, hook, directory).c_str()));
    bpf_link_info info{};
    __u32 length = sizeof(info);
    // The first field of `tcx` in newer headers: the ifindex, 0 when it has gone.
    if (link && bpf_obj_get_info_by_fd(link.get(), &info, &length) == 0 && info.xdp.ifindex != 0) {
        return link;
    }
    return {};
}

[[noreturn]] void fail(const Link& link) {
    throw std::system_error(errno, std::generic_category(),
                            fmt::format("Cannot attach to interface '{}' by TCX", link.name));
}

}  // namespace

// Without TCX the kernel does not know the type, with it there is no such interface.
bool is_supported(int program) {
    constexpr int no_such_interface = 0x7fffffff;
    const FileDescriptor link(
        bpf_link_create(program, no_such_interface, type_of(Hook::ingress), nullptr));
    return !link && errno != EINVAL;
}

void attach(const Link& link, Hook hook, int program, const RunDirectory& directory) {
    if (const FileDescriptor old = find_link(link.index, hook, directory)) {
        if (bpf_link_update(old.get(), program, nullptr) != 0) {
            fail(link);
        }
        return;
    }
    detach(link.index, hook, directory);
    const FileDescriptor fresh(bpf_link_create(program, link.index, type_of(hook), nullptr));
    if (!fresh || bpf_obj_pin(fresh.get(), pin_of(link.index, hook, directory).c_str()) != 0) {
        fail(link);
    }
}

void detach(int ifindex, Hook hook, const RunDirectory& directory) {
    const std::string pin = pin_of(ifindex, hook, directory);
    const FileDescriptor link(bpf_obj_get(pin.c_str()));
    if (link) {
        bpf_link_detach(link.get());  // at once, even if somebody else holds the link
    }
    ::unlink(pin.c_str());
}

bool is_attached(int ifindex, Hook hook, const RunDirectory& directory) {
    return static_cast<bool>(find_link(ifindex, hook, directory));
}

}  // namespace ctgate::attachment::tcx

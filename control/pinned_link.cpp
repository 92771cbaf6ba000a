// SPDX-License-Identifier: GPL-2.0-only
#include "control/pinned_link.hpp"

#include <bpf/bpf.h>
#include <fmt/core.h>
#include <unistd.h>

#include "control/pinned_programs.hpp"

namespace ctgate::pinned_link {
namespace {

std::string pin_of(int ifindex, const Kind& kind, const RunDirectory& directory) {
    return directory.pin(fmt::format("link-{}-{}", ifindex, kind.name));
}

bool has_program(const FileDescriptor& link, int program) {
    bpf_link_info info{};
    __u32 length = sizeof(info);
    return bpf_obj_get_info_by_fd(link.get(), &info, &length) == 0 &&
           info.prog_id == program_id(program);
}

// Empty when there is none. A link whose interface has gone is of no use any more.
FileDescriptor find_link(int ifindex, const Kind& kind, const RunDirectory& directory) {
    FileDescriptor link(bpf_obj_get(pin_of(ifindex, kind, directory).c_str()));
    bpf_link_info info{};
    __u32 length = sizeof(info);
    // `xdp`, and `tcx` in newer headers, begin with the ifindex: 0 when it has gone.
    if (link && bpf_obj_get_info_by_fd(link.get(), &info, &length) == 0 && info.xdp.ifindex != 0) {
        return link;
    }
    return {};
}

}  // namespace

bool attach(const Link& link, const Kind& kind, int program, const RunDirectory& directory) {
    if (const FileDescriptor old = find_link(link.index, kind, directory)) {
        return has_program(old, program) || bpf_link_update(old.get(), program, nullptr) == 0;
    }
    detach(link.index, kind, directory);
    LIBBPF_OPTS(bpf_link_create_opts, options);
    options.flags = kind.flags;
    const FileDescriptor fresh(bpf_link_create(program, link.index, kind.type, &options));
    return fresh && bpf_obj_pin(fresh.get(), pin_of(link.index, kind, directory).c_str()) == 0;
}

void detach(int ifindex, const Kind& kind, const RunDirectory& directory) {
    const std::string pin = pin_of(ifindex, kind, directory);
    const FileDescriptor link(bpf_obj_get(pin.c_str()));
    if (link) {
        bpf_link_detach(link.get());  // at once, even if somebody else holds the link
    }
    ::unlink(pin.c_str());
}

bool is_attached(int ifindex, const Kind& kind, const RunDirectory& directory) {
    return static_cast<bool>(find_link(ifindex, kind, directory));
}

std::uint32_t program_of(int ifindex, const Kind& kind, const RunDirectory& directory) {
    const FileDescriptor link = find_link(ifindex, kind, directory);
    bpf_link_info info{};
    __u32 length = sizeof(info);
    return link && bpf_obj_get_info_by_fd(link.get(), &info, &length) == 0 ? info.prog_id : 0;
}

}  // namespace ctgate::pinned_link

// SPDX-License-Identifier: GPL-2.0-only
#include "control/attachment.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace ctgate::attachment {
namespace {

// include/uapi/linux/bpf.h since 6.6; libbpf knows it since 1.3.
constexpr auto tcx_ingress = static_cast<bpf_attach_type>(46);

[[noreturn]] void fail(int error, const Link& link, const char* how) {
    throw std::system_error(error, std::generic_category(),
                            fmt::format("Cannot attach to interface '{}' by {}", link.name, how));
}

std::string pin_of(int ifindex, const RunDirectory& directory) {
    return directory.pin(fmt::format("link-{}", ifindex));
}

// Empty when there is none. A link whose interface has gone is of no use any more.
FileDescriptor find_link(int ifindex, const RunDirectory& directory) {
    FileDescriptor link(bpf_obj_get(pin_of(ifindex, directory).c_str()));
    bpf_link_info info{};
    __u32 length = sizeof(info);
    // The first field of `tcx` in newer headers: the ifindex, 0 when it has gone.
    if (link && bpf_obj_get_info_by_fd(link.get(), &info, &length) == 0 && info.xdp.ifindex != 0) {
        return link;
    }
    return {};
}

void remove_link(int ifindex, const RunDirectory& directory) {
    const std::string pin = pin_of(ifindex, directory);
    const FileDescriptor link(bpf_obj_get(pin.c_str()));
    if (link) {
        bpf_link_detach(link.get());  // at once, even if somebody else holds the link
    }
    ::unlink(pin.c_str());
}

// False: this kernel has no TCX.
bool attach_tcx(const Link& link, int program, const RunDirectory& directory) {
    if (const FileDescriptor old = find_link(link.index, directory)) {
        if (bpf_link_update(old.get(), program, nullptr) != 0) {
            fail(errno, link, "TCX");
        }
        return true;
    }
    remove_link(link.index, directory);
    const FileDescriptor fresh(bpf_link_create(program, link.index, tcx_ingress, nullptr));
    if (!fresh && errno == EINVAL) {
        return false;
    }
    if (!fresh || bpf_obj_pin(fresh.get(), pin_of(link.index, directory).c_str()) != 0) {
        fail(errno, link, "TCX");
    }
    return true;
}

// --- clsact -------------------------------------------------------------------------------------

bpf_tc_hook hook_of(int ifindex) {
    bpf_tc_hook hook{};
    hook.sz = sizeof(hook);
    hook.ifindex = ifindex;
    hook.attach_point = BPF_TC_INGRESS;
    return hook;
}

bpf_tc_opts our_filter() {
    bpf_tc_opts options{};
    options.sz = sizeof(options);
    options.handle = handle;
    options.priority = priority;
    return options;
}

bool is_ours(std::uint32_t program_id) {
    const FileDescriptor program(bpf_prog_get_fd_by_id(program_id));
    bpf_prog_info info{};
    __u32 length = sizeof(info);
    if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0) {
        return false;
    }
    const std::string_view name(info.name);
    return name == "internal_l2" || name == "internal_l3" || name == "external_l2" ||
           name == "external_l3";
}

enum class Filter { none, ours, foreign };

Filter find_filter(int ifindex) {
    const bpf_tc_hook hook = hook_of(ifindex);
    bpf_tc_opts options = our_filter();
    if (bpf_tc_query(&hook, &options) != 0) {
        return Filter::none;
    }
    return is_ours(options.prog_id) ? Filter::ours : Filter::foreign;
}

void remove_filter(int ifindex) {
    if (find_filter(ifindex) == Filter::ours) {
        const bpf_tc_hook hook = hook_of(ifindex);
        const bpf_tc_opts options = our_filter();
        bpf_tc_detach(&hook, &options);
    }
}

void attach_clsact(const Link& link, int program, Journal& journal) {
    if (find_filter(link.index) == Filter::foreign) {
        throw std::runtime_error(fmt::format(
            "Interface '{}' has a filter of somebody else at ctgate's place (clsact ingress, "
            "priority {}, handle {}); 'tc filter del dev {} ingress pref {}' removes it",
            link.name, priority, handle, link.name, priority));
    }
    if (!Netlink().has_clsact(link.index)) {
        journal.record(
            {fmt::format("clsact {}", link.index), {{"kind", "clsact"}, {"ifindex", link.index}}});
    }
    bpf_tc_hook hook = hook_of(link.index);
    if (const int error = bpf_tc_hook_create(&hook); error != 0 && error != -EEXIST) {
        fail(-error, link, "clsact");
    }
    bpf_tc_opts options = our_filter();
    options.prog_fd = program;
    options.flags = BPF_TC_F_REPLACE;
    if (const int error = bpf_tc_attach(&hook, &options); error != 0) {
        fail(-error, link, "clsact");
    }
}

void remove_clsact(int ifindex) {
    remove_filter(ifindex);
    if (!Netlink().has_filters(ifindex)) {
        bpf_tc_hook hook = hook_of(ifindex);
        hook.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
        bpf_tc_hook_destroy(&hook);
    }
}

}  // namespace

void attach(const Link& link, int program, AttachMode wanted, const RunDirectory& directory,
            Journal& journal) {
    journal.record({fmt::format("attachment {}", link.index),
                    {{"kind", "attachment"}, {"ifindex", link.index}, {"interface", link.name}}});
    if (wanted != AttachMode::clsact && attach_tcx(link, program, directory)) {
        remove_filter(link.index);
        return;
    }
    if (wanted == AttachMode::tcx) {
        throw std::runtime_error(
            "This kernel has no TCX (it needs Linux 6.6); '--attach auto' falls back to clsact");
    }
    attach_clsact(link, program, journal);
    remove_link(link.index, directory);
}

std::optional<AttachMode> find(int ifindex, const RunDirectory& directory) {
    if (find_link(ifindex, directory)) {
        return AttachMode::tcx;
    }
    return find_filter(ifindex) == Filter::ours ? std::optional(AttachMode::clsact) : std::nullopt;
}

std::set<std::string> keys_of(int ifindex) {
    return {fmt::format("attachment {}", ifindex), fmt::format("clsact {}", ifindex)};
}

void undo(const Change& change, const RunDirectory& directory) {
    const int ifindex = change.details.at("ifindex");
    if (change.details.at("kind") == "clsact") {
        remove_clsact(ifindex);
        return;
    }
    remove_link(ifindex, directory);
    remove_filter(ifindex);
}

}  // namespace ctgate::attachment

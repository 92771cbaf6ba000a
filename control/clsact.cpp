// SPDX-License-Identifier: GPL-2.0-only
#include "control/clsact.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "control/pinned_programs.hpp"

namespace ctgate::attachment::clsact {
namespace {

using namespace std::string_view_literals;

// Of the programs in dataplane/ctgate.bpf.c, which each ctgate has had. At most 15 characters.
constexpr std::array program_names = {"internal_l2"sv, "internal_l3"sv, "external_l2"sv,
                                      "external_l3"sv, "external_egress"sv};

[[noreturn]] void fail(int error, const Link& link) {
    throw std::system_error(error, std::generic_category(),
                            fmt::format("Cannot attach to interface '{}' by clsact", link.name));
}

bpf_tc_hook hook_of(int ifindex, Hook hook) {
    bpf_tc_hook result{};
    result.sz = sizeof(result);
    result.ifindex = ifindex;
    result.attach_point = hook == Hook::ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS;
    return result;
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
    return program && bpf_obj_get_info_by_fd(program.get(), &info, &length) == 0 &&
           std::find(program_names.begin(), program_names.end(), info.name) != program_names.end();
}

}  // namespace

void refuse_foreign_filter(const Link& link, Hook hook) {
    const bool ingress = hook == Hook::ingress;
    if (!is_attached(link.index, hook) && Netlink().has_filter(link.index, ingress, priority)) {
        const char* direction = ingress ? "ingress" : "egress";
        throw std::runtime_error(fmt::format(
            "Interface '{0}' has a filter of somebody else at ctgate's place (clsact {1}, "
            "priority {2}); 'tc filter del dev {0} {1} pref {2}' removes it",
            link.name, direction, priority));
    }
}

void attach(const Link& link, Hook hook, int program) {
    bpf_tc_hook at = hook_of(link.index, hook);
    if (const int error = bpf_tc_hook_create(&at); error != 0 && error != -EEXIST) {
        fail(-error, link);
    }
    const std::uint32_t old = program_of(link.index, hook);
    if (old != 0 && old == program_id(program)) {
        return;
    }
    bpf_tc_opts options = our_filter();
    options.prog_fd = program;
    options.flags = old != 0 ? BPF_TC_F_REPLACE : 0;
    if (const int error = bpf_tc_attach(&at, &options); error != 0) {
        fail(-error, link);
    }
}

void detach(int ifindex, Hook hook) {
    if (is_attached(ifindex, hook)) {
        const bpf_tc_hook at = hook_of(ifindex, hook);
        const bpf_tc_opts options = our_filter();
        bpf_tc_detach(&at, &options);
    }
}

bool is_attached(int ifindex, Hook hook) {
    return program_of(ifindex, hook) != 0;
}

std::uint32_t program_of(int ifindex, Hook hook) {
    const bpf_tc_hook at = hook_of(ifindex, hook);
    bpf_tc_opts options = our_filter();
    return bpf_tc_query(&at, &options) == 0 && is_ours(options.prog_id) ? options.prog_id : 0;
}

void remove_qdisc(int ifindex) {
    bpf_tc_hook both = hook_of(ifindex, Hook::ingress);
    both.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
    bpf_tc_hook_destroy(&both);
}

}  // namespace ctgate::attachment::clsact

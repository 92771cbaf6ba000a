// SPDX-License-Identifier: GPL-2.0-only
#include "control/attachment.hpp"

#include <fmt/core.h>

#include <stdexcept>

#include "control/clsact.hpp"
#include "control/tcx.hpp"
#include "control/xdp.hpp"

namespace ctgate::attachment {
namespace {

std::string key_of(int ifindex) {
    return fmt::format("attachment {}", ifindex);
}

std::string key_of_clsact(int ifindex) {
    return fmt::format("clsact {}", ifindex);
}

void note(const Link& link, Journal& journal) {
    journal.record({key_of(link.index),
                    {{"kind", "attachment"}, {"ifindex", link.index}, {"interface", link.name}}});
}

void attach_clsact(const Link& link, Hook hook, int program, Journal& journal) {
    if (!Netlink().has_clsact(link.index)) {
        journal.record({key_of_clsact(link.index), {{"kind", "clsact"}, {"ifindex", link.index}}});
    }
    clsact::attach(link, hook, program);
}

}  // namespace

AttachMode choose(AttachMode wanted, int program) {
    const bool tcx = wanted != AttachMode::clsact && tcx::is_supported(program);
    if (wanted == AttachMode::tcx && !tcx) {
        throw std::runtime_error(
            "This kernel has no TCX (it needs Linux 6.6); '--attach auto' falls back to clsact");
    }
    return tcx ? AttachMode::tcx : AttachMode::clsact;
}

void check(const Link& link, Hook hook, AttachMode chosen) {
    if (chosen == AttachMode::clsact) {
        clsact::refuse_foreign_filter(link, hook);
    }
}

void attach(const Link& link, Hook hook, int program, AttachMode chosen,
            const RunDirectory& directory, Journal& journal) {
    note(link, journal);
    if (chosen == AttachMode::tcx) {
        tcx::attach(link, hook, program, directory);
        clsact::detach(link.index, hook);
    } else {
        attach_clsact(link, hook, program, journal);
        tcx::detach(link.index, hook, directory);
    }
}

void attach_xdp(const Link& link, int program, const RunDirectory& directory, Journal& journal) {
    note(link, journal);
    xdp::attach(link, program, directory);
}

std::optional<AttachMode> find(int ifindex, Hook hook, const RunDirectory& directory) {
    if (tcx::is_attached(ifindex, hook, directory)) {
        return AttachMode::tcx;
    }
    return clsact::is_attached(ifindex, hook) ? std::optional(AttachMode::clsact) : std::nullopt;
}

std::uint32_t program_of(int ifindex, Hook hook, const RunDirectory& directory) {
    const std::uint32_t program = tcx::program_of(ifindex, hook, directory);
    return program != 0 ? program : clsact::program_of(ifindex, hook);
}

std::set<std::string> keys_of(int ifindex) {
    return {key_of(ifindex), key_of_clsact(ifindex)};
}

void undo(const Change& change, const RunDirectory& directory) {
    const int ifindex = change.details.at("ifindex");
    xdp::detach(ifindex, directory);
    for (const Hook hook : {Hook::ingress, Hook::egress}) {
        tcx::detach(ifindex, hook, directory);
        clsact::detach(ifindex, hook);
    }
    // The qdisc is newer in the journal than the programs on it, so it goes together with them.
    if (change.details.at("kind") == "clsact" && !Netlink().has_filters(ifindex)) {
        clsact::remove_qdisc(ifindex);
    }
}

}  // namespace ctgate::attachment

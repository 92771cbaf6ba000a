// SPDX-License-Identifier: GPL-2.0-only
#include "control/fast_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <stdexcept>

#include "control/attachment.hpp"
#include "control/xdp.hpp"
#include "control/xdp_features.hpp"

namespace ctgate::fast_path {
namespace {

std::map<int, Facts> gather(const std::vector<Link>& links, Netlink& netlink,
                            const RunDirectory& directory) {
    std::map<int, Facts> result;
    for (const Link& link : links) {
        result[link.index] = {.features = xdp::features(link.index),
                              .taken = xdp::is_taken(link.index, directory)};
    }
    for (const Link& link : netlink.links()) {
        if (const auto lower = result.find(link.lower);
            link.kind == "vlan" && lower != result.end()) {
            lower->second.carries_vlans = true;
        }
    }
    return result;
}

void attach(const std::vector<Link>& links, int program, const RunDirectory& directory,
            Journal& journal, State& state) {
    state.mode = FastPath::xdp;
    for (const Link& link : links) {
        attachment::attach_xdp(link, program, directory, journal);
        state.attached.insert(link.index);
        // Some drivers can only once they have a program. Before Linux 6.3 hardware is trusted.
        if (xdp::features(link.index).value_or(xdp::takes_frames) & xdp::takes_frames) {
            state.takes_frames.insert(link.index);
        } else {
            state.warnings.push_back(fmt::format(
                "Interface '{}' takes no frames from XDP{}; what goes there takes the "
                "path at TC",
                link.name, link.kind == "veth" ? " (GRO must be on at its other end)" : ""));
        }
    }
}

}  // namespace

std::optional<std::string> obstacle(const Link& link, const Facts& facts) {
    constexpr std::uint64_t needed = xdp::runs_programs | xdp::redirects;
    if (!link.ethernet) {
        return fmt::format("'{}' has no Ethernet header", link.name);
    }
    if (facts.taken) {
        return fmt::format("'{}' has somebody else's program in XDP already", link.name);
    }
    if (facts.features && (*facts.features & needed) != needed) {
        return fmt::format("the driver of '{}' does not run XDP natively", link.name);
    }
    if (!facts.features && !link.kind.empty()) {
        return fmt::format("this kernel does not say what '{}' can do in XDP", link.name);
    }
    return std::nullopt;
}

std::optional<std::string> loss(const Link& link, const Facts& facts) {
    if (link.kind == "veth") {
        return fmt::format(
            "'{}' is a veth: packets whose checksum the sender left to hardware would be forwarded "
            "with a wrong one (turn its offload off: ethtool -K NAME tx off), and bulk TCP is "
            "faster at TC",
            link.name);
    }
    if (!facts.features) {
        return fmt::format("this kernel does not say what '{}' can do in XDP", link.name);
    }
    if (facts.carries_vlans) {
        return fmt::format(
            "VLAN devices stand on '{}': hardware that takes tags off would hide them from XDP",
            link.name);
    }
    return std::nullopt;
}

Choice choose(FastPath wanted, const std::vector<Link>& links, const std::map<int, Facts>& facts) {
    Choice choice;
    if (wanted == FastPath::off || wanted == FastPath::tc) {
        choice.mode = wanted;
        return choice;
    }
    for (const Link& link : links) {
        const Facts& of_link = facts.at(link.index);
        if (auto reason = obstacle(link, of_link)) {
            choice.reasons.push_back(std::move(*reason));
            continue;
        }
        choice.xdp.push_back(link);
        if (auto what = loss(link, of_link)) {
            choice.warnings.push_back(std::move(*what));
        }
    }
    if (wanted == FastPath::automatic && !(choice.reasons.empty() && choice.warnings.empty())) {
        std::move(choice.warnings.begin(), choice.warnings.end(),
                  std::back_inserter(choice.reasons));
        choice.warnings.clear();
        choice.xdp.clear();
    }
    choice.mode = choice.xdp.empty() ? FastPath::tc : FastPath::xdp;
    return choice;
}

void check(FastPath wanted, const std::vector<Link>& links, Netlink& netlink,
           const RunDirectory& directory) {
    if (wanted != FastPath::xdp || links.empty()) {
        return;
    }
    const Choice choice = choose(wanted, links, gather(links, netlink, directory));
    if (choice.xdp.empty()) {
        throw std::runtime_error(
            fmt::format("--fast-path xdp: no interface can have it: {}; '--fast-path auto' takes "
                        "what there is",
                        fmt::join(choice.reasons, "; ")));
    }
}

State establish(FastPath wanted, const std::vector<Link>& links, Netlink& netlink,
                const std::function<int()>& program, const RunDirectory& directory,
                Journal& journal) {
    const bool may_be_xdp = wanted == FastPath::automatic || wanted == FastPath::xdp;
    const Choice choice = choose(
        wanted, links, may_be_xdp ? gather(links, netlink, directory) : std::map<int, Facts>{});
    const State without{.mode = choice.mode == FastPath::off ? FastPath::off : FastPath::tc,
                        .attached = {},
                        .takes_frames = {},
                        .reasons = choice.reasons,
                        .warnings = choice.warnings};
    State state = without;
    if (wanted == FastPath::xdp && !choice.xdp.empty()) {
        attach(choice.xdp, program(), directory, journal, state);
    } else if (choice.mode == FastPath::xdp) {
        std::vector<std::string> reasons;
        try {
            attach(choice.xdp, program(), directory, journal, state);
            reasons = state.warnings;
        } catch (const std::exception& error) {
            reasons = {error.what()};
        }
        if (!reasons.empty()) {
            state = without;
            state.reasons = reasons;
        }
    }
    for (const Link& link : links) {
        if (!state.attached.contains(link.index)) {
            xdp::detach(link.index, directory);
        }
    }
    return state;
}

}  // namespace ctgate::fast_path

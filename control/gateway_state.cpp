// SPDX-License-Identifier: GPL-2.0-only
#include "control/gateway_state.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string_view>
#include <thread>

#include "control/attachment.hpp"
#include "control/conntrack.hpp"
#include "control/conntrack_names.hpp"
#include "control/netlink.hpp"
#include "control/nft.hpp"
#include "control/pinned_map.hpp"
#include "control/run_directory.hpp"
#include "control/sysctl.hpp"
#include "control/unconfirmed.hpp"
#include "control/xdp.hpp"

namespace ctgate {
namespace {

// External interfaces have programs on both hooks.
std::optional<AttachMode> find_attachment(const Link& link, std::string_view side,
                                          const RunDirectory& directory) {
    if (side == "external" && !attachment::find(link.index, attachment::Hook::egress, directory)) {
        return std::nullopt;
    }
    return attachment::find(link.index, attachment::Hook::ingress, directory);
}

void examine_interface(const std::string& name, const char* side, Netlink& netlink,
                       const RunDirectory& directory, GatewayState& state) {
    InterfaceState interface { name, side, false, std::nullopt };
    const auto link = netlink.link(name);
    if (link) {
        interface.present = true;
        interface.attached = find_attachment(*link, side, directory);
        interface.xdp = xdp::is_attached(link->index, directory);
        if (!interface.xdp && state.serving.short_path.xdp.contains(link->index)) {
            state.warnings.push_back(fmt::format(
                "The program in XDP of interface '{}' is gone; its sessions take the path at TC",
                name));
        }
    }
    if (!link) {
        state.warnings.push_back(
            fmt::format("Interface '{}' is missing; it is served when it "
                        "comes",
                        name));
    } else if (!interface.attached) {
        state.faults.push_back(
            fmt::format("The program of interface '{}' is not attached any more", name));
    } else if (!link->up) {
        state.warnings.push_back(fmt::format("Interface '{}' is down", name));
    }
    state.interfaces.push_back(interface);
}

// A daemon that changes over makes its table before it says so.
void examine_table(const RunDirectory& directory, GatewayState& state) {
    std::string table = nft::fingerprint();
    for (int tries = 0; table != state.serving.table && state.daemon != 0 && tries < 5; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        if (const auto serving = Serving::read(directory)) {
            state.serving.table = serving->table;
        }
        table = nft::fingerprint();
    }
    if (table != state.serving.table) {
        state.faults.emplace_back(table.empty()
                                      ? "The nft table 'ip ctgate' is gone"
                                      : "The nft table 'ip ctgate' is not as ctgate made it");
    }
}

void examine_addresses(GatewayState& state) {
    for (const ExternalInterface& each : state.serving.external) {
        if (each.addresses.empty()) {
            state.warnings.push_back(fmt::format(
                "External interface '{}' has no address yet; nothing goes out there", each.name));
        }
    }
}

bool forwards_ipv6(const std::string& interface) {
    return sysctl::read(fmt::format("net/ipv6/conf/{}/forwarding", interface)).value_or("0") != "0";
}

void examine_ipv6(GatewayState& state) {
    if (std::any_of(state.interfaces.begin(), state.interfaces.end(),
                    [](const InterfaceState& each) { return forwards_ipv6(each.name); })) {
        state.warnings.emplace_back(
            "IPv6 forwarding is on: ctgate neither translates nor guards IPv6; a firewall of yours "
            "must");
    }
}

// Above four fifths.
bool is_nearly_full(std::uint64_t count, std::uint64_t limit) {
    return limit != 0 && count > limit / 5 * 4;
}

void examine_confirmation(const RunDirectory& directory, GatewayState& state) {
    if (const auto left = time_to_confirm(directory)) {
        state.warnings.push_back(
            fmt::format("The configuration is not confirmed: unless 'ctgate confirm' comes, the "
                        "earlier one does, in {} s or as soon as a daemon runs",
                        left->count()));
    }
}

void examine_limits(GatewayState& state) {
    const std::uint64_t wanted = state.serving.max_sessions;
    if (wanted > state.session_limit) {
        state.warnings.push_back(
            fmt::format("--max-sessions {} is not in force: the kernel's limit is {} and only the "
                        "initial network namespace may change it",
                        wanted, state.session_limit));
    }
    if (is_nearly_full(state.sessions, state.session_limit)) {
        state.warnings.push_back(fmt::format("The conntrack table is nearly full: {} of {}",
                                             state.sessions, state.session_limit));
    }
}

void examine_occupancy(const RunDirectory& directory, GatewayState& state) {
    try {
        state.occupancy = read_occupancy(directory);
    } catch (const std::exception& error) {
        state.warnings.push_back(fmt::format("How full it is, is not known: {}", error.what()));
        return;
    }
    for (const PortUse& each : state.occupancy->ports) {
        if (is_nearly_full(each.used, each.available)) {
            state.warnings.push_back(
                fmt::format("The {} ports of {} are nearly all in use: {} of {}; more addresses "
                            "or ranges, or limits for hosts, would help",
                            conntrack::protocol_name(each.protocol), each.address.text(), each.used,
                            each.available));
        }
    }
    if (const std::uint64_t refused = state.occupancy->refused_recently; refused != 0) {
        state.warnings.push_back(
            fmt::format("Sessions were refused in the last {} minutes, and the hosts told ({}); "
                        "'ctgate show hosts --sort refused' says whose and why",
                        refused_seconds / 60, refused));
    }
}

// The daemon writes its lock once, when it begins.
std::int64_t began(const RunDirectory& directory) {
    struct stat info {};
    return ::stat(directory.file("lock").c_str(), &info) == 0 ? info.st_mtim.tv_sec : 0;
}

void examine_settings(const RunDirectory& directory, GatewayState& state) {
    try {
        state.overload_when_full = settings_in_force(directory).overload_when_full != 0;
    } catch (const std::exception& error) {
        state.faults.emplace_back(error.what());
    }
}

}  // namespace

std::optional<GatewayState> examine_gateway() {
    const auto directory = RunDirectory::find();
    auto serving = directory ? Serving::read(*directory) : std::nullopt;
    if (!serving) {
        return std::nullopt;
    }
    GatewayState state;
    state.daemon = DaemonLock::holder(*directory);
    state.serving = std::move(*serving);
    state.starting = state.daemon != 0 && state.daemon != state.serving.daemon;
    state.sessions = conntrack::count();
    state.session_limit = conntrack::limit();
    state.since = began(*directory);
    examine_settings(*directory, state);
    Netlink netlink;
    for (const std::string& name : state.serving.internal) {
        examine_interface(name, "internal", netlink, *directory, state);
    }
    for (const ExternalInterface& each : state.serving.external) {
        examine_interface(each.name, "external", netlink, *directory, state);
    }
    examine_table(*directory, state);
    const auto& losses = state.serving.short_path.warnings;
    state.warnings.insert(state.warnings.end(), losses.begin(), losses.end());
    examine_addresses(state);
    examine_ipv6(state);
    examine_confirmation(*directory, state);
    examine_limits(state);
    examine_occupancy(*directory, state);
    return state;
}

std::string attach_name(AttachMode mode) {
    switch (mode) {
        case AttachMode::tcx:
            return "tcx";
        case AttachMode::clsact:
            return "clsact";
        case AttachMode::automatic:
            break;
    }
    return "auto";
}

}  // namespace ctgate

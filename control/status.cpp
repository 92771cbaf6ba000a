// SPDX-License-Identifier: GPL-2.0-only
// ctgate status
#include <fmt/format.h>

#include <array>
#include <ctime>
#include <optional>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/conntrack_names.hpp"
#include "control/gateway_state.hpp"
#include "control/netns.hpp"
#include "control/option_values.hpp"
#include "control/options.hpp"
#include "control/status_json.hpp"

namespace ctgate {
namespace {

constexpr const char* help =
    R"(Usage: ctgate status [--netns NAME] [--json]

Says what serves this network namespace, or the named one, and what is wrong with it.

  --netns NAME  the network namespace
  --json        an object: state (serving, starting, unattended, waiting, broken,
                absent);
                then, unless absent: daemon (its pid, or null), version, interfaces
                (name, side, present, attached: tcx, clsact or null, xdp: whether
                our program is there too), external (per interface: addresses with
                their port ranges), sessions (count, limit, configured:
                --max-sessions or null), short_path (mode: off, tc or xdp;
                sessions that its cache holds; memory_bytes of that; reasons why it
                is not xdp), overload_when_full (whether sessions share ports when
                none is free), repairs (how often something of ctgate was removed
                or changed by others and put back: table, program, pin, conntrack),
                since (when the daemon, or the last one, began, in seconds of the
                epoch), occupancy (null: not known; ports: per external address and
                protocol how many are used of those available; hosts: those counted;
                refused_recently: of them; cache: records and limit, two for each
                session), faults, warnings

Exit status: 0 it serves; 1 broken: something of it is missing or changed ('ctgate run'
repairs it; a daemon that runs does so by SIGHUP); 2 wrong usage; 3 nothing serves here,
or it waits for an external address; 4 unattended: sessions are translated, but no daemon
follows changes of addresses (or it is only just taking over).
)";

std::string ranges_text(const ExternalAddress& address) {
    std::vector<std::string> ranges;
    for (const ctgate_port_range& each : address.ranges) {
        ranges.push_back(fmt::format("{}-{}", each.low, each.high));
    }
    return fmt::format("{}", fmt::join(ranges, ","));
}

std::string time_text(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm local{};
    std::array<char, 32> text{};
    ::localtime_r(&time, &local);
    return {text.data(), std::strftime(text.data(), text.size(), "%F %T", &local)};
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? "" : fmt::format(" ({} %)", part * 100 / whole);
}

void print_occupancy(const Occupancy& occupancy) {
    for (const PortUse& each : occupancy.ports) {
        fmt::print("  ports    {:<15} {} {} of {}{}\n", each.address.text(),
                   conntrack::protocol_name(each.protocol), each.used, each.available,
                   percent(each.used, each.available));
    }
    fmt::print("  hosts {}, counted for TCP and for UDP\n", occupancy.hosts);
    fmt::print("  session cache {} of {} records{}\n", occupancy.records, occupancy.records_limit,
               percent(occupancy.records, occupancy.records_limit));
}

void print_short_path(const Serving::ShortPath& path) {
    constexpr double mebibyte = 1 << 20;
    if (path.mode == FastPath::off) {
        fmt::print("  short path off\n");
        return;
    }
    fmt::print("  short path {}, for {} sessions ({:.0f} MiB)\n", text(path.mode), path.sessions,
               static_cast<double>(path.bytes) / mebibyte);
    for (const std::string& each : path.reasons) {
        fmt::print("    not xdp: {}\n", each);
    }
}

std::string repairs_text(const Serving& serving) {
    std::string text;
    for (const auto& [name, times] : serving.repairs) {
        text += fmt::format(" {} {}", name, times);
    }
    return text;
}

void print_text(const Verdict& verdict, const GatewayState& state) {
    fmt::print("{}{}\n", verdict.sentence,
               state.daemon != 0 ? fmt::format(" (process {})", state.daemon) : "");
    fmt::print("  version {}, daemon {} {}\n", state.serving.version,
               state.daemon != 0 ? "since" : "last begun", time_text(state.since));
    for (const InterfaceState& each : state.interfaces) {
        fmt::print("  {} {:<15} {}{}\n", each.side, each.name,
                   !each.present   ? "missing"
                   : each.attached ? attach_name(*each.attached)
                                   : "not attached",
                   each.xdp ? ", xdp" : "");
    }
    for (const ExternalInterface& interface : state.serving.external) {
        for (const ExternalAddress& each : interface.addresses) {
            fmt::print("  address  {:<15} {} ports {}\n", interface.name, each.address.text(),
                       ranges_text(each));
        }
    }
    fmt::print("  sessions {} of {}{}\n", state.sessions, state.session_limit,
               percent(state.sessions, state.session_limit));
    if (state.occupancy) {
        print_occupancy(*state.occupancy);
    }
    print_short_path(state.serving.short_path);
    if (state.overload_when_full) {
        fmt::print("  overload when full: when no port is free, sessions share one\n");
    }
    if (!state.serving.repairs.empty()) {
        fmt::print("  put back after others removed it:{}\n", repairs_text(state.serving));
    }
    for (const std::string& each : state.faults) {
        fmt::print("fault: {}\n", each);
    }
    for (const std::string& each : state.warnings) {
        fmt::print("warning: {}\n", each);
    }
}

}  // namespace

int status_command(Arguments arguments) {
    const CommonOptions options = parse_common("status", arguments);
    if (options.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    if (!options.positional.empty()) {
        throw ConfigError({fmt::format("'status' does not know '{}'", options.positional[0])});
    }
    if (!options.netns.empty()) {
        netns::enter(netns::open_named(options.netns));
    }
    const auto state = examine_gateway();
    const Verdict verdict = judge(state);
    if (options.json) {
        fmt::print("{}\n", status_json(state).dump(2));
    } else if (state) {
        print_text(verdict, *state);
    } else {
        fmt::print("{}\n", verdict.sentence);
    }
    return verdict.status;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// ctgate top: what goes through the gateway, live.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <thread>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/conntrack_names.hpp"
#include "control/netns.hpp"
#include "control/show.hpp"
#include "control/top_sampler.hpp"
#include "control/top_screen.hpp"
#include "control/view_options.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr const char* help =
    R"(Usage: ctgate top [--interval 1|2] [--sort rate|bytes|sessions] [--netns NAME]
       ctgate top --once [--top N] [...] [--json]

Shows on the terminal, again each second (or two): sessions of those that there may be,
what arrives from inside and from outside, internal hosts and sessions, those with the
most traffic first, and drops by reason. Traffic of hosts and sessions is what took the
short path, from the IP header on; with --fast-path off there is none. What arrives
counts Ethernet headers, too.

Keys: q quits; s sorts by rate, bytes, sessions of a host; 1 and 2 set the seconds.

  --interval N  seconds between two looks, 1 (default) or 2
  --sort ORDER  rate (default), bytes or sessions
  --once        print one look, of one interval, and end; needs no terminal
  --top N       (--once) rows of each table; default: 10
  --netns NAME  the network namespace
  --json        (--once) an object: seconds, sessions (count, limit), from_inside and
                from_outside (packets, bytes, a second), short_path (packets a second, or
                null: it is off), hosts (host, sessions, ports, refused, bytes,
                packets_per_second, bytes_per_second), top_sessions (protocol, internal,
                remote, bytes, and the same rates), drops (name, packets,
                packets_per_second). New fields may be added.

Exit status: 0; 1 something failed; 2 wrong usage, or there is no terminal; 3 nothing of
ctgate serves this network namespace, or it does not any more.
)";

constexpr std::array<std::string_view, 4> option_names = {"interval", "sort", "once", "top"};
constexpr std::size_t once_rows = 10;

TopOrder parse_order(const std::string& name) {
    for (const TopOrder order : {TopOrder::rate, TopOrder::bytes, TopOrder::sessions}) {
        if (name.empty() || name == order_name(order)) {
            return order;
        }
    }
    throw ConfigError({fmt::format("--sort {} is none of rate, bytes, sessions", quote(name))});
}

void check(const ViewOptions& options) {
    if (!options.positional.empty()) {
        throw ConfigError({fmt::format("'top' does not know {}", quote(options.positional[0]))});
    }
    if (!options.once && (options.json || options.top != 0)) {
        throw ConfigError({"--json and --top go with --once only"});
    }
    if (!options.once && (::isatty(STDOUT_FILENO) == 0 || ::isatty(STDIN_FILENO) == 0)) {
        throw ConfigError(
            {"'top' needs a terminal for input and output; 'ctgate top --once' prints one look"});
    }
}

template <typename Rows>
void cut(Rows& rows, std::size_t count) {
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), count)),
               rows.end());
}

ordered_json to_json(const Rate& rate) {
    return {{"packets", rate.packets}, {"bytes", rate.bytes}};
}

ordered_json to_json(const Endpoint& endpoint) {
    return {{"address", endpoint.address.text()}, {"port", endpoint.port}};
}

ordered_json to_json(const TopFrame& frame) {
    ordered_json hosts = ordered_json::array();
    for (const TopHost& each : frame.hosts) {
        hosts.push_back({{"host", each.address.text()},
                         {"sessions", each.sessions},
                         {"ports", each.ports},
                         {"refused", each.refused},
                         {"bytes", each.bytes},
                         {"packets_per_second", each.rate.packets},
                         {"bytes_per_second", each.rate.bytes}});
    }
    ordered_json sessions = ordered_json::array();
    for (const TopSession& each : frame.top_sessions) {
        sessions.push_back({{"protocol", conntrack::protocol_name(each.protocol)},
                            {"internal", to_json(each.internal)},
                            {"remote", to_json(each.remote)},
                            {"bytes", each.bytes},
                            {"packets_per_second", each.rate.packets},
                            {"bytes_per_second", each.rate.bytes}});
    }
    ordered_json drops = ordered_json::array();
    for (const TopDrop& each : frame.drops) {
        drops.push_back(
            {{"name", each.name}, {"packets", each.packets}, {"packets_per_second", each.rate}});
    }
    return {{"seconds", frame.seconds},
            {"sessions", {{"count", frame.sessions}, {"limit", frame.session_limit}}},
            {"from_inside", to_json(frame.from_inside)},
            {"from_outside", to_json(frame.from_outside)},
            {"short_path",
             frame.has_short_path ? ordered_json(frame.short_path) : ordered_json(nullptr)},
            {"hosts", hosts},
            {"top_sessions", sessions},
            {"drops", drops}};
}

int print_once(TopSampler& sampler, const ViewOptions& options, TopOrder order) {
    static_cast<void>(sampler.sample());
    std::this_thread::sleep_for(std::chrono::seconds(options.interval));
    auto frame = sampler.sample();
    if (!frame) {
        fmt::print(stderr, "{}", nothing_serves);
        return exit_not_serving;
    }
    frame->sort(order);
    const std::size_t rows = options.top != 0 ? options.top : once_rows;
    cut(frame->hosts, rows);
    cut(frame->top_sessions, rows);
    if (options.json) {
        fmt::print("{}\n", to_json(*frame).dump(2));
        return exit_success;
    }
    for (const std::string& line : to_lines(*frame, order, std::string::npos)) {
        fmt::print("{}\n", line);
    }
    return exit_success;
}

// Until that time; false: it is time to go.
bool answer_keys(TopScreen& screen, TopFrame& frame, TopOrder& order, unsigned& interval,
                 Clock::time_point until) {
    for (;;) {
        screen.show(to_lines(frame, order, screen.rows()));
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0) {
            return true;
        }
        switch (screen.key(static_cast<int>(left)).value_or(0)) {
            case 'q':
                return false;
            case 's':
                order = next(order);
                frame.sort(order);
                break;
            case '1':
                interval = 1;
                break;
            case '2':
                interval = 2;
                break;
            default:
                break;
        }
    }
}

// False: nothing serves any more.
bool watch(TopSampler& sampler, unsigned interval, TopOrder order) {
    TopScreen screen;
    while (auto frame = sampler.sample()) {
        frame->sort(order);
        const auto until = Clock::now() + std::chrono::seconds(interval);
        if (!answer_keys(screen, *frame, order, interval, until)) {
            return true;
        }
    }
    return false;
}

}  // namespace

int top_command(Arguments arguments) {
    const ViewOptions options = parse_view("top", option_names, arguments);
    if (options.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    const TopOrder order = parse_order(options.sort);
    check(options);
    if (!options.netns.empty()) {
        netns::enter(netns::open_named(options.netns));
    }
    auto directory = RunDirectory::find();
    if (!directory || !Serving::read(*directory)) {
        fmt::print(stderr, "{}", nothing_serves);
        return exit_not_serving;
    }
    TopSampler sampler(std::move(*directory));
    if (options.once) {
        return print_once(sampler, options, order);
    }
    if (!watch(sampler, options.interval, order)) {
        fmt::print(stderr, "{}", nothing_serves);
        return exit_not_serving;
    }
    return exit_success;
}

}  // namespace ctgate

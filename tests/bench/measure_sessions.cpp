// SPDX-License-Identifier: GPL-2.0-only
// Packets a second when there are very many sessions, each of which has its turn. One subject after
// the other: their sessions are all in the same table of the kernel.
#include <fmt/core.h>

#include <algorithm>

#include "bench/core.hpp"
#include "bench/lane.hpp"
#include "bench/measure.hpp"
#include "control/sysctl.hpp"

namespace ctgate::bench {
namespace {

constexpr double ns_per_second = 1e9;
constexpr std::uint32_t few = 1'000;
constexpr std::uint32_t packets_of_few = 200'000;
constexpr std::uint32_t packets_of_many = 1'500'000;
constexpr std::uint32_t many_by_default = 200'000;  // ctgate's records have room for them anyway

// What the machine's table has room for, beside what else is in it. The limit is the machine's own;
// a network namespace cannot change it.
std::uint32_t possible(std::uint32_t wanted) {
    constexpr std::uint64_t step = 50'000;
    const auto limit = sysctl::read("net/netfilter/nf_conntrack_max");
    const std::uint64_t room = limit ? std::stoull(*limit) * 8 / 10 / step * step : wanted;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, room));
}

// A record is renewed every second, those of all flows at about the same time: a round of many
// flows has to be long enough to have its fair part of that.
std::uint32_t packets_of(std::uint32_t flows) {
    return flows <= few ? packets_of_few : std::max(packets_of_many / flows, 1U) * flows;
}

Contender contender(Lane& lane, std::uint32_t flows) {
    return {fmt::format("{}, {} sessions", name(lane.kind()), flows), [&lane, flows] {
                const OnCore core(cores().back());
                return std::vector{ns_per_second / lane.forward({0, flows}, packets_of(flows))};
            }};
}

std::vector<Series> rates(Kind kind, std::uint32_t many, const Setup& setup) {
    const Words options = is_ctgate(kind) && many > many_by_default
                              ? Words{"--max-sessions", std::to_string(many)}
                              : Words{};
    std::vector<std::unique_ptr<Lane>> lanes;
    lanes.push_back(std::make_unique<Lane>(kind, setup, 1, options));
    establish(lanes, {0, many}, setup.interrupts);
    return alternate({contender(*lanes[0], few), contender(*lanes[0], many)}, setup.rounds,
                     setup.interrupts)
        .at(0);
}

}  // namespace

std::vector<Measure> measure_sessions(const Setup& setup) {
    const std::uint32_t many = possible(setup.sessions);
    Measure result{fmt::format("64-byte UDP, {} sessions", many), "packets/s", {}, {}, {}};
    if (many < setup.sessions) {
        result.notes.push_back(fmt::format(
            "not {}: the machine's nf_conntrack_max is {}; 'sysctl -w "
            "net.netfilter.nf_conntrack_max={}' would make room",
            setup.sessions, sysctl::read("net/netfilter/nf_conntrack_max").value_or("unknown"),
            static_cast<std::uint64_t>(setup.sessions) * 10 / 8));
    }
    for (const Kind kind :
         available(setup, {Kind::masquerade, Kind::ctgate_tc, Kind::ctgate_xdp})) {
        const std::vector<Series> found = rates(kind, many, setup);
        if (is_ctgate(kind)) {
            result.goals.push_back({fmt::format("{}: {} over {} sessions", name(kind), many, few),
                                    found[1].median() / found[0].median(),
                                    kind == Kind::ctgate_xdp ? 0.6 : 0.7, true});
        }
        result.series.insert(result.series.end(), found.begin(), found.end());
    }
    return {result};
}

}  // namespace ctgate::bench

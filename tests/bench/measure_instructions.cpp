// SPDX-License-Identifier: GPL-2.0-only
// What a packet costs in a virtual machine whose clock counts instructions (Makefile.vm): the same
// on every machine and at any load. Caches and memory cost nothing there.
#include <fmt/core.h>

#include <map>
#include <stdexcept>

#include "bench/core.hpp"
#include "bench/lane.hpp"
#include "bench/measure.hpp"
#include "bench/report.hpp"

namespace ctgate::bench {
namespace {

constexpr std::uint32_t packets = 20'000;
constexpr std::uint32_t new_sessions = 2'000;
constexpr std::uint32_t few = 1'000;

void expect_counted_instructions() {
    if (processor().find("TCG") == std::string::npos) {
        throw std::runtime_error(
            "here a nanosecond is no instruction: 'make -f Makefile.vm bench'");
    }
}

// A packet of each of the first `few` sessions among `many`, and one of each of them all.
std::vector<Series> costs_among(Kind kind, std::uint32_t many, const Setup& setup) {
    std::vector<std::unique_ptr<Lane>> lanes;
    lanes.push_back(
        std::make_unique<Lane>(kind, setup, 1, Words{"--max-sessions", std::to_string(many)}));
    establish(lanes, {0, many}, setup.interrupts);
    std::vector<Contender> contenders;
    for (const std::uint32_t flows : {few, many}) {
        contenders.push_back({fmt::format("{}, {} sessions", name(kind), flows), [&lanes, flows] {
                                  const OnCore core(cores().back());
                                  return std::vector{lanes[0]->forward({0, flows}, flows)};
                              }});
    }
    return alternate(contenders, setup.rounds, setup.interrupts).at(0);
}

}  // namespace

std::vector<Measure> measure_instructions(const Setup& setup) {
    expect_counted_instructions();
    const auto lanes = make_lanes(
        available(setup, {Kind::tc_floor, Kind::routing, Kind::masquerade, Kind::flowtable,
                          Kind::ctgate_off, Kind::ctgate_tc, Kind::xdp_floor, Kind::ctgate_xdp}),
        setup);
    establish(lanes, {0, 1}, setup.interrupts);
    Measure packet{"64-byte UDP, 1 flow, instructions a packet",
                   "instructions",
                   take_turns(lanes, setup,
                              [](Lane& lane) {
                                  return lane.forward({0, 1}, packets);
                              }),
                   {},
                   {}};
    compare_less(packet, Kind::ctgate_tc, Kind::flowtable, 1.0);
    compare_less(packet, Kind::ctgate_xdp, Kind::flowtable, 0.4);
    std::map<Kind, std::uint32_t> next;
    const auto begin = [&](Lane& lane) {
        const std::uint32_t first = next[lane.kind()] += new_sessions;
        return lane.begin({first, new_sessions});
    };
    Measure session{"new UDP sessions, instructions a session",
                    "instructions",
                    take_turns(lanes, setup, begin),
                    {},
                    {}};
    compare_less(session, Kind::ctgate_tc, Kind::masquerade, 0.95);
    return {packet, session};
}

std::vector<Measure> measure_session_instructions(const Setup& setup) {
    expect_counted_instructions();
    Measure result{fmt::format("64-byte UDP, {} sessions, instructions a packet", setup.sessions),
                   "instructions",
                   {},
                   {},
                   {}};
    for (const Kind kind : available(setup, {Kind::ctgate_tc, Kind::ctgate_xdp})) {
        const std::vector<Series> found = costs_among(kind, setup.sessions, setup);
        result.goals.push_back(
            {fmt::format("{}: {} over {} sessions", name(kind), few, setup.sessions),
             found[0].median() / found[1].median(), kind == Kind::ctgate_xdp ? 0.6 : 0.7, true});
        result.series.insert(result.series.end(), found.begin(), found.end());
    }
    return {result};
}

}  // namespace ctgate::bench

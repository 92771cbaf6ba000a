// SPDX-License-Identifier: GPL-2.0-only
// What a packet costs in a virtual machine whose clock counts instructions (Makefile.vm): the same
// on every machine and at any load. Caches and memory cost nothing there.
#include <functional>
#include <map>

#include "bench/core.hpp"
#include "bench/lane.hpp"
#include "bench/measure.hpp"

namespace ctgate::bench {
namespace {

constexpr std::uint32_t packets = 20'000;
constexpr std::uint32_t new_sessions = 2'000;

Measure compared(const char* title, const std::vector<std::unique_ptr<Lane>>& lanes,
                 const Setup& setup, const std::function<double(Lane&)>& once) {
    std::vector<Contender> contenders;
    contenders.reserve(lanes.size());
    for (const auto& lane : lanes) {
        contenders.push_back({std::string(name(lane->kind())), [&] {
                                  const OnCore core(cores().back());
                                  return std::vector{once(*lane)};
                              }});
    }
    return {
        title, "instructions", alternate(contenders, setup.rounds, setup.interrupts).at(0), {}, {}};
}

}  // namespace

std::vector<Measure> measure_instructions(const Setup& setup) {
    const auto lanes = make_lanes(
        available(setup, {Kind::tc_floor, Kind::routing, Kind::masquerade, Kind::flowtable,
                          Kind::ctgate_off, Kind::ctgate_tc, Kind::xdp_floor, Kind::ctgate_xdp}),
        setup);
    establish(lanes, {0, 1}, setup.interrupts);
    Measure packet =
        compared("64-byte UDP, 1 flow, instructions a packet", lanes, setup, [](Lane& lane) {
            return lane.forward({0, 1}, packets);
        });
    compare_less(packet, Kind::ctgate_tc, Kind::flowtable, 1.0);
    compare_less(packet, Kind::ctgate_xdp, Kind::flowtable, 0.4);
    std::map<Kind, std::uint32_t> next;
    Measure session =
        compared("new UDP sessions, instructions a session", lanes, setup, [&](Lane& lane) {
            const std::uint32_t first = next[lane.kind()] += new_sessions;
            return lane.begin({first, new_sessions});
        });
    compare_less(session, Kind::ctgate_tc, Kind::masquerade, 0.95);
    return {packet, session};
}

}  // namespace ctgate::bench

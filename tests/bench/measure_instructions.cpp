// SPDX-License-Identifier: GPL-2.0-only
// What a packet costs in a virtual machine whose clock counts instructions (Makefile.vm): the same
// on every machine and at any load. Caches and memory cost nothing there.
#include <map>
#include <stdexcept>

#include "bench/lane.hpp"
#include "bench/measure.hpp"
#include "bench/report.hpp"

namespace ctgate::bench {
namespace {

constexpr std::uint32_t packets = 20'000;
constexpr std::uint32_t new_sessions = 2'000;

}  // namespace

std::vector<Measure> measure_instructions(const Setup& setup) {
    if (processor().find("TCG") == std::string::npos) {
        throw std::runtime_error(
            "here a nanosecond is no instruction: 'make -f Makefile.vm bench'");
    }
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

}  // namespace ctgate::bench

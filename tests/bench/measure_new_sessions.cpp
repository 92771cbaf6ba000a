// SPDX-License-Identifier: GPL-2.0-only
// First packets of UDP sessions, each with an internal endpoint that nobody has seen before.
#include <map>

#include "bench/lane.hpp"
#include "bench/measure.hpp"

namespace ctgate::bench {

std::vector<Measure> measure_new_sessions(const Setup& setup) {
    constexpr double ns_per_second = 1e9;
    const std::uint32_t flows = BENCH_PORTS / (setup.rounds + 1);
    const auto lanes = make_lanes(
        available(setup, {Kind::masquerade, Kind::ctgate_off, Kind::ctgate_tc, Kind::ctgate_xdp}),
        setup);
    std::map<Kind, std::uint32_t> begun;
    const auto rate = [&](Lane& lane) {
        std::uint32_t& sessions = begun[lane.kind()];
        const double time = lane.begin({sessions, flows});
        sessions += flows;
        lane.check_sessions(sessions);
        return ns_per_second / time;
    };
    Measure result{"new UDP sessions", "sessions/s", take_turns(lanes, setup, rate), {}, {}};
    compare(result, Kind::ctgate_tc, Kind::masquerade, 1.05);
    compare(result, Kind::ctgate_xdp, Kind::masquerade, 1.05);
    return {result};
}

}  // namespace ctgate::bench

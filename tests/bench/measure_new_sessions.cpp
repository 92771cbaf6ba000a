// SPDX-License-Identifier: GPL-2.0-only
// First packets of UDP sessions, each with an internal endpoint that nobody has seen before.
#include "bench/core.hpp"
#include "bench/lane.hpp"
#include "bench/measure.hpp"

namespace ctgate::bench {

std::vector<Measure> measure_new_sessions(const Setup& setup) {
    constexpr double ns_per_second = 1e9;
    const std::uint32_t flows = BENCH_PORTS / (setup.rounds + 1);
    const auto lanes = make_lanes(
        available(setup, {Kind::masquerade, Kind::ctgate_off, Kind::ctgate_tc, Kind::ctgate_xdp}),
        setup);
    std::vector<Contender> contenders;
    contenders.reserve(lanes.size());
    for (const auto& lane : lanes) {
        contenders.push_back(
            {std::string(name(lane->kind())), [&, flows, first = std::uint32_t{0}]() mutable {
                 const OnCore core(cores().back());
                 const double time = lane->begin({first, flows});
                 first += flows;
                 lane->check_sessions(first);
                 return std::vector{ns_per_second / time};
             }});
    }
    Measure result{"new UDP sessions",
                   "sessions/s",
                   alternate(contenders, setup.rounds, setup.interrupts).at(0),
                   {},
                   {}};
    compare(result, Kind::ctgate_tc, Kind::masquerade, 1.05);
    compare(result, Kind::ctgate_xdp, Kind::masquerade, 1.05);
    return {result};
}

}  // namespace ctgate::bench

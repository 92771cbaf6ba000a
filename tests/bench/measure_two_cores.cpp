// SPDX-License-Identifier: GPL-2.0-only
// Two cores, an internal interface and a generator each, against one of them.
#include <fmt/core.h>

#include <stdexcept>

#include "bench/core.hpp"
#include "bench/lane.hpp"
#include "bench/measure.hpp"

namespace ctgate::bench {
namespace {

constexpr double ns_per_second = 1e9;
constexpr Flows flows{0, 1'000};

Contender contender(Lane& lane, bool both, bool quick) {
    const std::uint32_t few = quick ? 60'000 : 200'000;
    const std::uint32_t packets = hook_of(lane.kind()) == Hook::xdp ? 3 * few : few;
    return {fmt::format("{}, {}", name(lane.kind()), both ? "two cores" : "one core"),
            [&lane, both, packets] {
                if (both) {
                    return std::vector{ns_per_second / lane.forward_by_two(flows, packets)};
                }
                const OnCore core(cores().front());
                return std::vector{ns_per_second / lane.forward(flows, packets)};
            }};
}

}  // namespace

std::vector<Measure> measure_two_cores(const Setup& setup) {
    if (cores().size() < 2) {
        throw std::runtime_error("This process may use one core only");
    }
    const auto lanes =
        make_lanes(available(setup, {Kind::tc_floor, Kind::masquerade, Kind::ctgate_tc,
                                     Kind::xdp_floor, Kind::ctgate_xdp}),
                   setup, 2);
    establish(lanes, flows, setup.interrupts);
    std::vector<Contender> contenders;
    contenders.reserve(2 * lanes.size());
    for (const auto& lane : lanes) {
        contenders.push_back(contender(*lane, false, setup.quick));
        contenders.push_back(contender(*lane, true, setup.quick));
    }
    Measure result{"64-byte UDP, two cores over one",
                   "packets/s",
                   alternate(contenders, setup.rounds, setup.interrupts).at(0),
                   {},
                   {}};
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        if (is_ctgate(lanes[i]->kind())) {
            result.goals.push_back(
                {fmt::format("{}: two cores over one", name(lanes[i]->kind())),
                 result.series[2 * i + 1].median() / result.series[2 * i].median(), 1.8, true});
        }
    }
    return {result};
}

}  // namespace ctgate::bench

// SPDX-License-Identifier: GPL-2.0-only
// Packets a second of established sessions, one way, on one core.
#include <fmt/core.h>

#include "bench/lane.hpp"
#include "bench/measure.hpp"

namespace ctgate::bench {
namespace {

constexpr double ns_per_second = 1e9;

// About a second where there are many flows: so long is a record of the short path trusted, and a
// round is to have its fair part of renewals.
std::uint32_t packets_of(const Setup& setup, Kind kind, std::uint32_t flows) {
    const std::uint32_t packets = setup.quick ? 60'000 : flows == 1 ? 200'000 : 500'000;
    return hook_of(kind) == Hook::xdp ? 3 * packets : packets;
}

Measure forwarding(const std::vector<std::unique_ptr<Lane>>& lanes, std::uint32_t flows,
                   const Setup& setup) {
    establish(lanes, {0, flows}, setup.interrupts);
    const auto rate = [&](Lane& lane) {
        return ns_per_second / lane.forward({0, flows}, packets_of(setup, lane.kind(), flows));
    };
    const bool one = flows == 1;
    Measure result{fmt::format("64-byte UDP, {} flow{}", flows, one ? "" : "s"),
                   "packets/s",
                   take_turns(lanes, setup, rate),
                   {},
                   {}};
    compare(result, Kind::ctgate_tc, Kind::masquerade, 1.5);
    compare(result, Kind::ctgate_xdp, Kind::masquerade, one ? 4.5 : 3.5);
    if (one) {
        compare_cost(result, Kind::ctgate_tc, Kind::tc_floor, 1.2);
        compare_cost(result, Kind::ctgate_xdp, Kind::xdp_floor, 1.25);
    }
    return result;
}

}  // namespace

std::vector<Measure> measure_forwarding(const Setup& setup) {
    const auto lanes = make_lanes(
        available(setup, {Kind::tc_floor, Kind::routing, Kind::masquerade, Kind::flowtable,
                          Kind::ctgate_off, Kind::ctgate_tc, Kind::xdp_floor, Kind::ctgate_xdp}),
        setup);
    return {forwarding(lanes, 1, setup), forwarding(lanes, 10'000, setup)};
}

}  // namespace ctgate::bench

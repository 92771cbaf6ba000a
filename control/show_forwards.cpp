// SPDX-License-Identifier: GPL-2.0-only
// ctgate show forwards
#include <fmt/core.h>

#include <cstdio>

#include "control/commands.hpp"
#include "control/forward.hpp"
#include "control/mappings.hpp"
#include "control/show.hpp"
#include "control/view_options.hpp"

namespace ctgate {
namespace {

void count_sessions(const SessionsByPort& sessions, ForwardRow& row) {
    const ForwardOption& option = row.option;
    for (ForwardRow::Place& place : row.places) {
        for (unsigned port = option.low; port <= option.high; ++port) {
            const Endpoint external{place.address, static_cast<std::uint16_t>(port)};
            place.sessions += (option.tcp ? sessions.of(IPPROTO_TCP, external) : 0) +
                              (option.udp ? sessions.of(IPPROTO_UDP, external) : 0);
        }
    }
}

}  // namespace

int show_forwards(const ViewOptions& options) {
    const auto directory = RunDirectory::find();
    const auto serving = directory ? Serving::read(*directory) : std::nullopt;
    if (!serving) {
        fmt::print(stderr, "{}", nothing_serves);
        return exit_not_serving;
    }
    const SessionsByPort sessions(PinnedForwards(*directory).port_maps());
    std::vector<ForwardRow> rows = forwards_now(*directory, *serving);
    for (ForwardRow& each : rows) {
        count_sessions(sessions, each);
    }
    print_counted_forwards(rows, options.json);
    return exit_success;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// All that is served by HTTP about a gateway, as it was read at one moment.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "control/census.hpp"
#include "control/counters.hpp"
#include "control/gateway_state.hpp"
#include "control/netlink_statistics.hpp"

namespace ctgate {

// Of the daemon itself, since it started.
struct DaemonCounts {
    std::chrono::system_clock::time_point started;
    std::uint64_t reloads = 0;          // done
    std::uint64_t refused_reloads = 0;  // the old configuration stayed
};

// What is quickly read.
struct Overview {
    std::optional<GatewayState> state;
    std::optional<Counters> counters;
    std::map<std::string, LinkTraffic> traffic;  // by interface
};

}  // namespace ctgate

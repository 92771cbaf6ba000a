// SPDX-License-Identifier: GPL-2.0-only
// What can only be counted by looking at everything there is: sessions, hosts, ports, records of
// the session cache. Takes time in proportion to them.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "control/ip.hpp"
#include "control/port_use.hpp"

namespace ctgate {

struct HostCensus {
    std::uint64_t sessions = 0;  // translated ones
    std::uint64_t ports = 0;     // external ones of its own
    std::uint64_t refused = 0;   // new sessions
};

struct Census {
    std::map<std::string, std::uint64_t> sessions;  // translated ones, by protocol
    std::map<IpAddress, HostCensus> hosts;          // that have anything, or were refused it
    std::map<PortSpace, SpaceUse> ports;
    std::uint64_t cache_records = 0;  // of the session cache; one per session and direction
};

// Of the namespace the thread is in.
Census take_census();

}  // namespace ctgate

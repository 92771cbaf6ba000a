// SPDX-License-Identifier: GPL-2.0-only
// How full the dataplane's tables are.
#pragma once

#include <cstdint>
#include <vector>

#include "control/ip.hpp"
#include "control/run_directory.hpp"

namespace ctgate {

struct PortUse {
    IpAddress address;
    std::uint8_t protocol = 0;    // IPPROTO_TCP or IPPROTO_UDP
    std::uint32_t used = 0;       // of those that may be given out
    std::uint32_t available = 0;  // that may be given out
};

struct Occupancy {
    std::vector<PortUse> ports;          // by address and protocol
    std::uint64_t hosts = 0;             // that are counted, each once for TCP and for UDP
    std::uint64_t refused_recently = 0;  // of them, that were told so within refused_seconds
    std::uint64_t records = 0;           // of the session cache
    std::uint64_t records_limit = 0;
};

constexpr unsigned refused_seconds = 300;

// Throws when a table cannot be read, or is of another version.
Occupancy read_occupancy(const RunDirectory& directory);

}  // namespace ctgate

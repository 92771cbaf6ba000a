// SPDX-License-Identifier: GPL-2.0-only
// What an interface has carried, by the kernel's own statistics.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ctgate {

struct LinkTraffic {
    std::uint64_t received_bytes = 0;
    std::uint64_t received_packets = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t sent_packets = 0;
};

// Those of these interfaces that are in the namespace the thread is in.
std::map<std::string, LinkTraffic> read_traffic(const std::vector<std::string>& interfaces);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// The maps of the program that ctgate has at the TC ingress hook of an interface.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace ctgate::bench {

struct MapUse {
    std::uint64_t entries;  // at most
    std::uint64_t bytes;    // that the kernel says it takes now; since Linux 6.4 all of it
};

// By name, as the kernel has them: 15 characters. In the network namespace that the thread is in.
std::map<std::string, MapUse> maps_at(const std::string& interface);

}  // namespace ctgate::bench

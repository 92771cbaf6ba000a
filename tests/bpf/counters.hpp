// SPDX-License-Identifier: GPL-2.0-only
// The dataplane's counters as the tests look at them. Beside that, once all tests have run: is
// there one that none has moved?
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace ctgate {

// By name, over all CPUs. All at once: it is done before and after each packet.
std::map<std::string, std::uint64_t> read_counters();
void reset_counters();
std::set<std::string> moved_since(const std::map<std::string, std::uint64_t>& before);
// Those that are not zero.
void note_reached_counters();

}  // namespace ctgate

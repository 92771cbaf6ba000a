// SPDX-License-Identifier: GPL-2.0-only
// What `ctgate show` can show, of the network namespace the thread is in. Exit statuses.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace ctgate {

// `accepted_mark`: the bit of the mark that says that the host's firewall let the session through.
int show_sessions(bool json, std::uint32_t accepted_mark);
int show_counters(bool json);
int show_hosts(bool json);

extern const char* const nothing_serves;  // what to say then

// Packets counted by the counter objects of our nft table, by name; empty without the table.
std::map<std::string, std::uint64_t> guard_counters();

// Throws when what was printed did not arrive (a full disk behind stdout, say).
void finish_output();

}  // namespace ctgate

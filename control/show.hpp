// SPDX-License-Identifier: GPL-2.0-only
// What `ctgate show` can show, of the network namespace the thread is in. Exit statuses.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace ctgate {

struct ViewOptions;

int show_sessions(const ViewOptions& options);
int show_mappings(const ViewOptions& options);
int show_hosts(const ViewOptions& options);
int show_forwards(const ViewOptions& options);
int show_counters(const ViewOptions& options);
int show_config(const ViewOptions& options);

extern const char* const nothing_serves;  // what to say then

// Packets counted by the counter objects of our nft table, by name; empty without the table.
std::map<std::string, std::uint64_t> guard_counters();

// Throws when what was printed did not arrive (a full disk behind stdout, say).
void finish_output();

}  // namespace ctgate

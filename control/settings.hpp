// SPDX-License-Identifier: GPL-2.0-only
// The kernel settings that the gateway needs.
#pragma once

#include <cstdint>
#include <string>

#include "control/journal.hpp"

namespace ctgate::settings {

// Conntrack's timeouts as the RFCs ask for, and no window checks: the tracker does not see every
// packet once the short path carries a session.
void set_conntrack(Journal& journal);

// Room for that many sessions in conntrack, where this network namespace may decide that (the
// initial one only). False: it may not, and the limit is lower.
bool make_room(Journal& journal, std::uint64_t sessions);

// Forwarding of what comes in on that interface; the machine's other interfaces stay as they are.
void set_forwarding(Journal& journal, const std::string& interface);
// It was off before we came: nothing but what we serve needs it.
bool opened_by_us(const Journal& journal, const std::string& interface);
// Its key in the journal, and whether a key is such a one.
std::string key_of_forwarding(const std::string& interface);
bool is_forwarding(const std::string& key);

}  // namespace ctgate::settings

// SPDX-License-Identifier: GPL-2.0-only
// The kernel settings that the gateway needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/config.hpp"
#include "control/journal.hpp"

namespace ctgate::settings {

// Conntrack's timeouts, and no window checks: the tracker does not see every packet once the short
// path carries a session. What the journal says of the time before stays.
void set_conntrack(Journal& journal, const Timeouts& timeouts);

// Room for that many sessions in conntrack, where this network namespace may decide that (the
// initial one only). False: it may not, and the limit is lower.
bool make_room(Journal& journal, std::uint64_t sessions);

// Forwarding of what comes in on that interface; the machine's other interfaces stay as they are.
void set_forwarding(Journal& journal, const std::string& interface, int ifindex);
// It was off before we came, and the machine's switch still is: nothing but what we serve needs it.
bool opened_by_us(const Journal& journal, const std::string& interface);
// The interface, if that is the key of such a change in the journal.
std::optional<std::string> forwarding_of(const std::string& key);
// Is it the key of what make_room() changes?
bool is_room(const std::string& key);

}  // namespace ctgate::settings

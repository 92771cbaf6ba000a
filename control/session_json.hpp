// SPDX-License-Identifier: GPL-2.0-only
// The stable JSON form of a session, in `show sessions --json` and `lookup --json`.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "control/conntrack.hpp"
#include "control/session_traffic.hpp"
#include "control/session_view.hpp"

namespace ctgate {

// The field names are documented in `ctgate show --help`.
nlohmann::ordered_json session_json(const Session& session, std::uint32_t accepted_mark);
// One end: address and, where it exists, port or id.
nlohmann::ordered_json end_json(const SessionEnd& end);

// What it has carried: packets, bytes and traffic.
void add_traffic(nlohmann::ordered_json& session, const SessionTraffic& traffic);

}  // namespace ctgate

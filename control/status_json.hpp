// SPDX-License-Identifier: GPL-2.0-only
// How a gateway stands in one word, and as JSON: `ctgate status`, and what is served by HTTP.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "control/commands.hpp"
#include "control/gateway_state.hpp"

namespace ctgate {

struct Verdict {
    const char* state;
    const char* sentence;
    ExitStatus status;
};

Verdict judge(const std::optional<GatewayState>& state);

// The field names are documented in `ctgate status --help`.
nlohmann::ordered_json status_json(const std::optional<GatewayState>& state);

}  // namespace ctgate

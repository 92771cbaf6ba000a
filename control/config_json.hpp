// SPDX-License-Identifier: GPL-2.0-only
// The options in force as JSON, for `check --json`; the fields are explained in its --help.
#pragma once

#include <nlohmann/json.hpp>

#include "control/options.hpp"

namespace ctgate {

nlohmann::ordered_json to_json(const ParsedOptions& options);

}  // namespace ctgate

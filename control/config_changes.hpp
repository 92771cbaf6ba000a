// SPDX-License-Identifier: GPL-2.0-only
// What another configuration would change, option by option, for people.
#pragma once

#include <string>
#include <vector>

#include "control/config.hpp"

namespace ctgate {

// Such as "filtering: ... instead of ..." or "forwards: ... added"; empty: they say the same.
std::vector<std::string> changes_between(const Config& before, const Config& after);

}  // namespace ctgate

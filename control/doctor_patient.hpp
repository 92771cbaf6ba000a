// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>

#include "control/doctor.hpp"

namespace ctgate::doctor {

// Of the network namespace the thread is in. nullopt: no options were given.
Patient examine(const std::optional<Config>& given);

}  // namespace ctgate::doctor

// SPDX-License-Identifier: GPL-2.0-only
#include "control/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace ctgate {

ConfigError::ConfigError(std::vector<std::string> problems)
    : std::runtime_error(fmt::format("{}", fmt::join(problems, "\n"))),
      problems_(std::move(problems)) {}

}  // namespace ctgate

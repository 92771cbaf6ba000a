// SPDX-License-Identifier: GPL-2.0-only
// Pins of maps that are about to take the place of others: fresh-NAME, until the programs that use
// them are attached.
#pragma once

#include <string>

#include "control/run_directory.hpp"

namespace ctgate::staging {

// A run has ended between pinning some and replacing others with them.
bool is_left(const RunDirectory& directory);
// Removes all of them.
void clear(const RunDirectory& directory);
// Both throw std::system_error.
void pin(const RunDirectory& directory, const std::string& name, int map);
void replace(const RunDirectory& directory, const std::string& name);

}  // namespace ctgate::staging

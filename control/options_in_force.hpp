// SPDX-License-Identifier: GPL-2.0-only
// The options that a gateway runs with, and where each comes from, for `ctgate show config`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/options.hpp"
#include "control/run_directory.hpp"

namespace ctgate {

struct OptionInForce {
    std::string option;                // without dashes
    std::optional<std::string> value;  // none: the option has none, unless it is given
    std::string source;                // "FILE:LINE", "command line" or "default"
};

// Every option, in the order of --help; one that was given several times has a line for each value.
std::vector<OptionInForce> options_in_force(const ParsedOptions& options);

// In the file "options" of the run directory. nullopt: there is none.
void write_options_in_force(const RunDirectory& directory,
                            const std::vector<OptionInForce>& options);
std::optional<std::vector<OptionInForce>> read_options_in_force(const RunDirectory& directory);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// The options of the subcommands that look at what goes on, or end some of it: show, flush, top.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/commands.hpp"
#include "control/session_filter.hpp"

namespace ctgate {

struct ViewOptions {
    std::string netns;
    bool json = false;
    bool help = false;
    SessionFilter filter;
    std::string sort;             // empty: as the subcommand likes
    std::size_t top = 0;          // rows; 0: all
    bool all = false;             // flush
    bool mappings = false;        // flush
    bool dry_run = false;         // flush
    bool once = false;            // top
    unsigned interval = 1;        // top, seconds
    std::set<std::string> given;  // names
    std::vector<std::string> positional;
};

// Throws ConfigError with every problem at once. `names`: the options that the subcommand has
// besides --netns, --json and --help.
ViewOptions parse_view(const std::string& command, std::span<const std::string_view> names,
                       Arguments arguments);

// Throws ConfigError when others were given than these. `what`: "show counters", say.
void refuse_others(const ViewOptions& options, const std::string& what,
                   std::span<const std::string_view> names);

}  // namespace ctgate

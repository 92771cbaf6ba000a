// SPDX-License-Identifier: GPL-2.0-only
// The one table of options: the same names on the command line and in the file of --config.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/commands.hpp"
#include "control/config.hpp"

namespace ctgate {

// Command line of `run` and `check`, merged with the file it names: the command line adds to
// repeatable options and wins over single ones. Throws ConfigError with every problem at once;
// those from the file as "FILE:LINE: sentence". `help` is set when --help was asked for (then
// nothing else is checked).
struct ParsedOptions {
    Config config;
    std::string config_file;  // path given with --config, or empty
    bool help = false;
    // Every value that was taken, in the order of the sources: of a name that is not repeatable,
    // the last one is in force.
    struct Given {
        std::string name;   // without dashes
        std::string value;  // as it stands there
        std::string label;  // "--internal", "gateway.conf:3: internal"
    };
    std::vector<Given> given;
};
ParsedOptions parse_options(Arguments arguments);

// Values that were taken before, again. Throws ConfigError as above.
ParsedOptions parse_given(const std::vector<ParsedOptions::Given>& given);

// The same for the text of a configuration file alone; `name` stands in its messages. Used by
// parse_options and by the fuzzer.
void parse_config_text(const std::string& text, const std::string& name, Config& config);

// The options with their explanations, for --help, wrapped to 80 columns.
std::string options_help();

// Small helper for the subcommands with few options (status, down, show, lookup): --netns NAME,
// --json, --help. Words that are no option are returned in `positional`.
struct CommonOptions {
    std::string netns;
    bool json = false;
    bool help = false;
    std::vector<std::string> positional;
};
CommonOptions parse_common(const std::string& command, Arguments arguments);

}  // namespace ctgate

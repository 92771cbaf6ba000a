// SPDX-License-Identifier: GPL-2.0-only
// The table of options: command line, configuration file and --help are all made from it.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <span>
#include <string>
#include <string_view>

#include "control/option_values.hpp"

namespace ctgate {

struct Option {
    const char* name;   // without dashes
    const char* value;  // what --help calls its value; null: it takes none
    bool repeatable;    // each occurrence adds a value; all others may stand once
    // Null: for the command line only, where its reader acts on it.
    Complaint (*take)(const std::string& value, Config& config);
    const char* help;                // plain text; Boost wraps it
    const char* implicit = nullptr;  // the value of one that may stand without; null: it may not
};

// The options under one heading of --help.
struct OptionGroup {
    const char* heading;
    std::span<const Option> options;
};

std::span<const OptionGroup> option_groups();

// The option of exactly this name, or null.
const Option* find_option(std::string_view name);

// The option whose name is most like this one (dashes before it do not matter), or null where
// none comes close.
const Option* nearest_option(std::string_view name);

// All of it as Boost wants it. The parsers of Boost split lines and words and know the names;
// values are taken by Option::take, because Boost stops at the first that is wrong.
boost::program_options::options_description describe_options();

}  // namespace ctgate

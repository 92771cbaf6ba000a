// SPDX-License-Identifier: GPL-2.0-only
// The words of a command line, split by Boost into options and the rest. What Boost finds wrong
// is collected, not thrown: it stops at the first, so it is given the words piece by piece.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <string>
#include <utility>
#include <vector>

#include "control/commands.hpp"

namespace ctgate {

struct OptionWords {
    std::vector<std::pair<std::string, std::string>> options;  // name without dashes, value
    std::vector<std::string> positional;
    std::vector<std::string> unknown;   // begin with '-', as they stand there, without "=VALUE"
    std::vector<std::string> problems;  // a missing value, or one where none belongs
    std::vector<std::string> broken;    // the names of the options that have these problems

    bool has(std::string_view name) const;
    std::string value_of(std::string_view name) const;  // of the first; empty when not given
};

// Takes --name VALUE, --name=VALUE, --flag and -h. A word behind an unknown option is counted as
// its value.
OptionWords split_words(const boost::program_options::options_description& description,
                        Arguments words);

// --netns: empty when not given. What is wrong with it is added to `problems`.
std::string netns_of(const OptionWords& words, std::vector<std::string>& problems);

}  // namespace ctgate

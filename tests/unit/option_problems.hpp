// SPDX-License-Identifier: GPL-2.0-only
// What the option parsers find wrong.
#pragma once

#include <string>
#include <vector>

#include "control/config.hpp"
#include "control/options.hpp"

namespace ctgate {

using Words = std::vector<std::string>;

// The problems that `parse` throws; empty when it throws none.
template <typename Parse>
Words problems_of(Parse parse) {
    try {
        parse();
    } catch (const ConfigError& error) {
        return error.problems();
    }
    return {};
}

inline Words option_problems(const Words& words) {
    return problems_of([&] { parse_options(words); });
}

// The same with the two options without which nothing is valid.
inline Words with_sides(Words words) {
    words.insert(words.begin(), {"--internal", "lan0", "--external", "wan0"});
    return words;
}

}  // namespace ctgate

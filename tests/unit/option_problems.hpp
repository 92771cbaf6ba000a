// SPDX-License-Identifier: GPL-2.0-only
// What the option parsers make of words, and what they find wrong.
#pragma once

#include <gmock/gmock.h>

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

// The configuration of these words, the sides being given.
inline Config parse(const Words& words) {
    return parse_options(with_sides(words)).config;
}

// The only problem of these words, the sides being given.
inline std::string problem(const Words& words) {
    const Words found = option_problems(with_sides(words));
    EXPECT_THAT(found, testing::SizeIs(1)) << testing::PrintToString(words);
    return found.empty() ? "" : found[0];
}

struct Case {
    Words words;
    std::string problem;
};

inline void expect_problems(const std::vector<Case>& cases) {
    for (const Case& each : cases) {
        EXPECT_EQ(problem(each.words), each.problem);
    }
}

}  // namespace ctgate

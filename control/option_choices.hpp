// SPDX-License-Identifier: GPL-2.0-only
// The words of the options that take one of a few; shared by the option_*.cpp files only, each
// of which has the lists of its own options.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "control/option_values.hpp"

namespace ctgate {

// The words of one option of choice, in the order in which messages list them.
template <typename Enum>
struct Choices;

template <>
struct Choices<bool> {
    static constexpr std::pair<std::string_view, bool> list[] = {{"yes", true}, {"no", false}};
};

template <typename Enum>
Complaint take_choice(const std::string& value, Enum& target) {
    std::string words;
    for (const auto& [word, choice] : Choices<Enum>::list) {
        if (word == value) {
            target = choice;
            return std::nullopt;
        }
        words += fmt::format("{}{}", words.empty() ? "" : ", ", word);
    }
    return fmt::format("is none of {}", words);
}

template <typename Enum>
std::string_view choice_text(Enum value) {
    const auto& list = Choices<Enum>::list;
    return std::find_if(std::begin(list), std::end(list),
                        [&](const auto& choice) { return choice.second == value; })
        ->first;
}

}  // namespace ctgate

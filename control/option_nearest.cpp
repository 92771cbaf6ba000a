// SPDX-License-Identifier: GPL-2.0-only
// Which option a misspelt name was meant to be.
#include <algorithm>
#include <numeric>
#include <vector>

#include "control/option_table.hpp"

namespace ctgate {
namespace {

// Levenshtein's distance: how many letters must be added, taken away or changed.
std::size_t distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = i;
        row[0] = i + 1;
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t change = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({change, diagonal + 1, row[j] + 1});
        }
    }
    return row.back();
}

constexpr std::size_t farthest = 3;  // at which two names still resemble each other

// 0: alike. An abbreviation is nearly that.
std::size_t likeness(std::string_view name, std::string_view option) {
    constexpr std::size_t shortest = 3;
    constexpr std::size_t longest = 40;
    if (name.size() >= shortest && option.starts_with(name)) {
        return 1;
    }
    return name.size() > longest ? longest : distance(name, option);
}

// Of several that an abbreviation may mean, the plainest is named.
bool is_shorter(const Option& option, const Option& other) {
    return std::string_view(option.name).size() < std::string_view(other.name).size();
}

}  // namespace

const Option* nearest_option(std::string_view name) {
    name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
    const Option* nearest = nullptr;
    std::size_t least = std::clamp<std::size_t>(name.size() / 2, 2, farthest + 1);
    for (const OptionGroup& group : option_groups()) {
        for (const Option& option : group.options) {
            const std::size_t apart = likeness(name, option.name);
            if (apart < least || (nearest && apart == least && is_shorter(option, *nearest))) {
                least = apart;
                nearest = &option;
            }
        }
    }
    return nearest;
}

}  // namespace ctgate

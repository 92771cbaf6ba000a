// SPDX-License-Identifier: GPL-2.0-only
#include "control/config_changes.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "control/config_json.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

std::string value_text(const ordered_json& value) {
    return value.is_string() ? value.get<std::string>() : value.is_null() ? "none" : value.dump();
}

ParsedOptions options_of(const Config& config) {
    ParsedOptions options;
    options.config = config;
    return options;
}

// Those of `all` that are not in `others`.
void list_missing(const std::string& name, const ordered_json& all, const ordered_json& others,
                  const char* verb, std::vector<std::string>& changes) {
    for (const ordered_json& each : all) {
        if (std::find(others.begin(), others.end(), each) == others.end()) {
            changes.push_back(fmt::format("{}: {} {}", name, value_text(each), verb));
        }
    }
}

}  // namespace

std::vector<std::string> changes_between(const Config& before, const Config& after) {
    const ordered_json from = to_json(options_of(before));
    const ordered_json to = to_json(options_of(after));
    std::vector<std::string> changes;
    for (const auto& [name, value] : to.items()) {
        const ordered_json& old = from.at(name);
        if (value == old) {
            continue;
        }
        if (value.is_array()) {
            list_missing(name, old, value, "removed", changes);
            list_missing(name, value, old, "added", changes);
        } else {
            changes.push_back(
                fmt::format("{}: {} instead of {}", name, value_text(value), value_text(old)));
        }
    }
    return changes;
}

}  // namespace ctgate

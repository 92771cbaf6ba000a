// SPDX-License-Identifier: GPL-2.0-only
#include "control/options_in_force.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "control/config_json.hpp"
#include "control/option_table.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

// "gateway.conf:3: internal" -> "/etc/gateway.conf:3"
std::string source_of(const ParsedOptions::Given& given) {
    if (given.label == "--" + given.name) {
        return "command line";
    }
    const std::size_t tail = given.name.size() + std::string_view(": ").size();
    return std::filesystem::absolute(given.label.substr(0, given.label.size() - tail)).string();
}

// The field of `check --json` that tells what the option is when it is not given; null where there
// is none.
ordered_json field_of(const std::string& option, const ordered_json& document) {
    std::string name = option;
    std::replace(name.begin(), name.end(), '-', '_');
    const std::string timeout = name.substr(0, name.rfind("_timeout"));
    for (const ordered_json* part : {&document, &document["behaviour"]}) {
        if (const auto found = part->find(name); found != part->end()) {
            return *found;
        }
    }
    return document["timeouts"].value(timeout, ordered_json());
}

// What is not set when it is not given, and what then holds.
std::optional<std::string> other_default(std::string_view option, const ordered_json& document) {
    if (option == "external-address") {
        return "the first address of each external interface";
    }
    if (option == "port-range" && document["port_ranges"].empty()) {
        return fmt::format("{}-{}", CTGATE_PORT_LOW, CTGATE_PORT_HIGH);
    }
    return std::nullopt;
}

std::optional<std::string> default_of(const std::string& option, const ordered_json& document) {
    const ordered_json value = field_of(option, document);
    if (option == "accepted-mark") {
        return fmt::format("{:#010x}", value.get<std::uint32_t>());
    }
    if (value.is_boolean()) {
        return value.get<bool>() ? "yes" : "no";
    }
    if (value.is_number()) {
        return value.dump();
    }
    if (value.is_string()) {
        return value.get<std::string>();
    }
    return other_default(option, document);
}

void add_given(const Option& option, const std::vector<ParsedOptions::Given>& given,
               std::vector<OptionInForce>& result) {
    for (const ParsedOptions::Given& each : given) {
        if (each.name != option.name) {
            continue;
        }
        OptionInForce row{each.name, each.value, source_of(each)};
        if (!option.repeatable && !result.empty() && result.back().option == each.name) {
            result.back() = std::move(row);
        } else {
            result.push_back(std::move(row));
        }
    }
}

}  // namespace

std::vector<OptionInForce> options_in_force(const ParsedOptions& options) {
    const ordered_json document = to_json(options);
    std::vector<OptionInForce> result;
    for (const OptionGroup& group : option_groups()) {
        for (const Option& option : group.options) {
            const std::size_t before = result.size();
            add_given(option, options.given, result);
            if (result.size() == before && option.value) {
                result.push_back({option.name, default_of(option.name, document), "default"});
            }
        }
    }
    return result;
}

void write_options_in_force(const RunDirectory& directory,
                            const std::vector<OptionInForce>& options) {
    ordered_json document = ordered_json::array();
    for (const OptionInForce& each : options) {
        document.push_back({{"option", each.option},
                            {"value", each.value ? ordered_json(*each.value) : ordered_json()},
                            {"source", each.source}});
    }
    const std::string fresh = directory.file("options.new");
    std::ofstream file(fresh, std::ios::trunc);
    // Names of interfaces may be any bytes; JSON may not.
    file << document.dump(1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
    file.close();
    if (!file || std::rename(fresh.c_str(), directory.file("options").c_str()) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot write below /run/ctgate");
    }
}

std::optional<std::vector<OptionInForce>> read_options_in_force(const RunDirectory& directory) {
    std::ifstream file(directory.file("options"));
    const ordered_json document = ordered_json::parse(file, nullptr, false);
    if (!document.is_array()) {
        return std::nullopt;
    }
    std::vector<OptionInForce> result;
    for (const ordered_json& each : document) {
        const ordered_json& value = each.at("value");
        result.push_back({each.at("option"),
                          value.is_null() ? std::nullopt : std::optional(value.get<std::string>()),
                          each.at("source")});
    }
    return result;
}

}  // namespace ctgate

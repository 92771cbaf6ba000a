// SPDX-License-Identifier: GPL-2.0-only
#include "control/view_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/program_options/value_semantic.hpp>
#include <utility>

#include "control/config.hpp"
#include "control/number.hpp"
#include "control/option_values.hpp"
#include "control/option_words.hpp"

namespace ctgate {
namespace {

namespace po = boost::program_options;

template <Complaint (*take)(const std::string&, SessionFilter&)>
Complaint into_filter(const std::string& value, ViewOptions& options) {
    return take(value, options.filter);
}

template <bool ViewOptions::*flag>
Complaint set(const std::string& /*value*/, ViewOptions& options) {
    options.*flag = true;
    return std::nullopt;
}

Complaint take_name(const std::string& value, ViewOptions& options) {
    Config scratch;
    options.netns = value;
    return take_netns(value, scratch);
}

Complaint take_sort(const std::string& value, ViewOptions& options) {
    options.sort = value;  // whether there is such an order, the subcommand knows
    return std::nullopt;
}

Complaint take_top(const std::string& value, ViewOptions& options) {
    const auto rows = parse_number<std::size_t>(value);
    options.top = rows.value_or(0);
    return options.top == 0 ? Complaint("is no number of rows; write 10, say") : std::nullopt;
}

Complaint take_interval(const std::string& value, ViewOptions& options) {
    if (value != "1" && value != "2") {
        return "is none of 1, 2 (seconds)";
    }
    options.interval = value == "1" ? 1 : 2;
    return std::nullopt;
}

struct Word {
    std::string_view name;
    bool has_value;
    Complaint (*take)(const std::string& value, ViewOptions& options);
};

constexpr std::array words = {
    Word{"netns", true, take_name},
    Word{"json", false, set<&ViewOptions::json>},
    Word{"help", false, set<&ViewOptions::help>},
    Word{"host", true, into_filter<take_filter_host>},
    Word{"protocol", true, into_filter<take_filter_protocol>},
    Word{"port", true, into_filter<take_filter_port>},
    Word{"remote", true, into_filter<take_filter_remote>},
    Word{"state", true, into_filter<take_filter_state>},
    Word{"sort", true, take_sort},
    Word{"top", true, take_top},
    Word{"all", false, set<&ViewOptions::all>},
    Word{"mappings", false, set<&ViewOptions::mappings>},
    Word{"dry-run", false, set<&ViewOptions::dry_run>},
    Word{"once", false, set<&ViewOptions::once>},
    Word{"interval", true, take_interval},
};

bool is_among(std::string_view name, std::span<const std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_common(std::string_view name) {
    return name == "netns" || name == "json" || name == "help";
}

po::options_description describe(std::span<const std::string_view> names) {
    po::options_description description;
    for (const Word& word : words) {
        if (!is_common(word.name) && !is_among(word.name, names)) {
            continue;
        }
        const std::string name = word.name == "help" ? "help,h" : std::string(word.name);
        if (word.has_value) {
            description.add_options()(name.c_str(), po::value<std::string>(), "");
        } else {
            description.add_options()(name.c_str(), "");
        }
    }
    return description;
}

void take(const std::string& name, const std::string& value, ViewOptions& options,
          std::vector<std::string>& problems) {
    const auto* word = std::find_if(words.begin(), words.end(),
                                    [&](const Word& each) { return each.name == name; });
    if (!options.given.insert(name).second) {
        problems.push_back(fmt::format("--{} is given twice; keep one", name));
    } else if (const Complaint complaint = word->take(value, options)) {
        problems.push_back(fmt::format("--{} {} {}", name, quote(value), *complaint));
    }
}

}  // namespace

ViewOptions parse_view(const std::string& command, std::span<const std::string_view> names,
                       Arguments arguments) {
    OptionWords found = split_words(describe(names), arguments);
    ViewOptions options;
    options.help = found.has("help");
    if (options.help) {
        return options;
    }
    std::vector<std::string> problems = std::move(found.problems);
    for (const std::string& name : found.unknown) {
        problems.push_back(fmt::format("'{0}' has no option {1}; 'ctgate {0} --help' explains it",
                                       command, quote(name)));
    }
    for (const auto& [name, value] : found.options) {
        take(name, value, options, problems);
    }
    if (const Complaint complaint = contradiction(options.filter)) {
        problems.push_back(*complaint);
    }
    if (!problems.empty()) {
        throw ConfigError(std::move(problems));
    }
    options.positional = std::move(found.positional);
    return options;
}

void refuse_others(const ViewOptions& options, const std::string& what,
                   std::span<const std::string_view> names) {
    std::vector<std::string> problems;
    for (const std::string& name : options.given) {
        if (!is_common(name) && !is_among(name, names)) {
            problems.push_back(fmt::format("'{}' has no --{}", what, name));
        }
    }
    if (!problems.empty()) {
        throw ConfigError(std::move(problems));
    }
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/selftest_options.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "control/option_table.hpp"
#include "control/option_words.hpp"
#include "control/options.hpp"
#include "control/selftest_idle.hpp"

namespace ctgate::selftest {
namespace {

// Of `ctgate run`; they name interfaces, hosts and networks, and here these are the selftest's own.
// What it sends belongs into nobody's logs.
constexpr std::array<std::string_view, 11> own{"internal", "external",      "netns",  "move",
                                               "address",  "route",         "config", "host",
                                               "ipfix",    "deterministic", "nat-log"};

// Takes "--against X" and "--against=X" out of `words`; the last one counts.
Against take_against(Words& words, std::vector<std::string>& problems) {
    constexpr std::string_view name = "--against";
    std::string value = "ctgate";
    for (auto word = words.begin(); word != words.end();) {
        if (word->starts_with("--against=")) {
            value = word->substr(name.size() + 1);
        } else if (*word == name) {
            word = words.erase(word);
            value = word == words.end() ? "" : *word;
            if (word == words.end()) {
                break;
            }
        } else {
            ++word;
            continue;
        }
        word = words.erase(word);
    }
    if (value != "ctgate" && value != "masquerade") {
        problems.push_back(
            fmt::format("--against {} is not known; write ctgate or masquerade", quote(value)));
    }
    return value == "masquerade" ? Against::masquerade : Against::ctgate;
}

constexpr std::array<std::string_view, 4> timers{"udp-timeout", "tcp-established-timeout",
                                                 "tcp-transitory-timeout", "icmp-timeout"};
constexpr std::string_view permission = "dangerous-timeouts";

// Without what was given for timers.
std::optional<Words> scaled(const OptionWords& given) {
    Words words;
    for (const auto& [name, value] : given.options) {
        if (name != permission && std::find(timers.begin(), timers.end(), name) == timers.end()) {
            words.push_back(fmt::format("--{}={}", name, value));
        }
    }
    words.push_back(fmt::format("--{}=yes", permission));
    for (const std::string_view timer : timers) {
        if (!find_option(timer)) {
            return std::nullopt;
        }
        words.push_back(fmt::format("--{}={}", timer, scaled_timer));
    }
    return words;
}

bool take_flag(Words& words, std::string_view name) {
    return std::erase(words, name) > 0;
}

// Those that are the selftest's own, and addresses that its network cannot have.
void refuse(const OptionWords& words, const Config& config, std::vector<std::string>& problems) {
    for (const std::string_view name : own) {
        if (words.has(name)) {
            problems.push_back(
                fmt::format("--{} is the selftest's own; it builds the network itself", name));
        }
    }
    for (const ExternalAddressOption& option : config.external_addresses) {
        if (!external_network.contains(option.address) || option.address == outside_router ||
            !option.interface.empty()) {
            problems.push_back(fmt::format("--external-address {} is not one of {}, other than {}",
                                           option.address.text(), external_network.text(),
                                           outside_router.text()));
        }
    }
}

}  // namespace

Options parse(Arguments arguments) {
    Options result;
    std::vector<std::string> problems;
    Words words(arguments.begin(), arguments.end());
    result.help = take_flag(words, "--help") || take_flag(words, "-h");
    if (result.help) {
        return result;
    }
    result.json = take_flag(words, "--json");
    result.plan.full = take_flag(words, "--full");
    result.plan.against = take_against(words, problems);
    result.plan.options = words;
    if (result.plan.against == Against::masquerade && !words.empty()) {
        problems.push_back("Options are for ctgate; --against masquerade takes none");
    }
    const OptionWords split = split_words(describe_options(), words);
    Words complete{"--internal", internal_interface, "--external", external_interface};
    complete.insert(complete.end(), words.begin(), words.end());
    try {
        // Not with the options that will be refused: what they say would be looked at.
        const bool refused = std::any_of(own.begin(), own.end(),
                                         [&](std::string_view name) { return split.has(name); });
        const Config config = refused ? Config{} : parse_options(complete).config;
        refuse(split, config, problems);
        result.plan.expected = expectation_of(config);
        if (result.plan.against == Against::ctgate) {
            result.plan.scaled_options = scaled(split);
        }
    } catch (const ConfigError& error) {
        problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
    if (!problems.empty()) {
        throw ConfigError(problems);
    }
    return result;
}

}  // namespace ctgate::selftest

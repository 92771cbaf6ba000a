// SPDX-License-Identifier: GPL-2.0-only
#include "control/completion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "control/event.hpp"
#include "control/session_filter.hpp"

namespace ctgate::completion {
namespace {

constexpr Command table[] = {
    {"run", "", "", true},
    {"status", "", "--netns --json", false},
    {"down", "", "--netns --all --json", false},
    {"reload", "", "--dry-run --confirm --netns --json", false},
    {"confirm", "", "--netns --json", false},
    {"save", "", "--netns --json", false},
    {"restore", "", "--netns --json", false},
    {"check", "", "--json", true},
    {"doctor", "", "--json", true},
    {"show", "sessions mappings hosts forwards counters config",
     "--host --protocol --port --remote --state --sort=address,sessions,ports,bytes,refused --top "
     "--netns --json",
     false},
    {"top", "", "--interval --sort=rate,bytes,sessions --once --top --netns --json", false},
    {"flush", "",
     "--host --protocol --port --remote --state --all --mappings --dry-run --netns --json", false},
    {"lookup", "", "--proto --netns --json", false},
    {"explain", "tcp udp", "--interface --flags --netns --json", false},
    {"whois", "tcp udp", "--json", true},
    {"forward", "add del list", "--netns --json", false},
    {"events", "", "--kind --host --count --netns --json", false},
    {"lab", "up down exec demo", "--keep", false},
    {"selftest", "", "--json --full --against", true},
    {"completion", "bash zsh", "", false},
    {"version", "", "--json", false},
};

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> words;
    std::istringstream stream{std::string(text)};
    for (std::string word; std::getline(stream, word, separator);) {
        if (const std::size_t begin = word.find_first_not_of(' '); begin != std::string::npos) {
            words.push_back(word.substr(begin));
        }
    }
    return words;
}

// Options of other commands than `run`.
const Word others[] = {
    {"--netns", "the network namespace", {}, Value::netns},
    {"--all", "every network namespace", {}, Value::none},
    {"--json", "machine-readable output", {}, Value::none},
    {"--dry-run", "say what would change", {}, Value::none},
    {"--confirm", "go back unless confirmed in so many seconds", {}, Value::text},
    {"--proto", "the protocol", {"tcp", "udp"}, Value::choice},
    {"--interface", "where the packet arrives", {}, Value::interface},
    {"--flags", "of TCP: syn, ack, fin, rst", {}, Value::text},
    {"--kind", "events of this kind", split(kind_names(), ','), Value::choice, true},
    {"--host", "of this internal host", {}, Value::text},
    {"--count", "end after so many", {}, Value::text},
    {"--protocol", "the protocol", {"tcp", "udp", "icmp"}, Value::choice},
    {"--port", "of the internal or the external endpoint", {}, Value::text},
    {"--remote", "the remote endpoint", {}, Value::text},
    {"--state", "the session's state", filter_states(), Value::choice},
    {"--sort", "the order of the rows", {}, Value::choice},
    {"--top", "no more than so many rows", {}, Value::text},
    {"--interval", "seconds between two looks", {"1", "2"}, Value::choice},
    {"--once", "print one look and end", {}, Value::none},
    {"--mappings", "end mappings too", {}, Value::none},
    {"--keep", "leave the lab", {}, Value::none},
    {"--full", "wait as long as the RFCs say", {}, Value::none},
    {"--against", "what serves the gateway", {"ctgate", "masquerade"}, Value::choice},
};

Word word_of(const Option& option) {
    Word word{std::string("--") + option.name, option.help, choices_of(option), Value::text,
              option.repeatable};
    const std::string_view name = option.name;
    if (option.value == nullptr) {
        word.value = Value::none;
    } else if (!word.choices.empty()) {
        word.value = Value::choice;
    } else if (option.value == std::string_view("IF")) {
        word.value = Value::interface;
    } else if (name == "netns") {
        word.value = Value::netns;
    } else if (name == "config") {
        word.value = Value::file;
    }
    return word;
}

}  // namespace

std::span<const Command> commands() {
    return table;
}

// The complaint about a word that is none of them lists them.
std::vector<std::string> choices_of(const Option& option) {
    Config scratch;
    const Complaint complaint = option.take ? option.take("?", scratch) : std::nullopt;
    constexpr std::string_view begin = "is none of ";
    if (!complaint || !complaint->starts_with(begin)) {
        return {};
    }
    return split(complaint->substr(begin.size()), ',');
}

std::vector<Word> options_of(const Command& command) {
    std::vector<Word> result;
    if (command.options_of_run) {
        for (const OptionGroup& group : option_groups()) {
            std::transform(group.options.begin(), group.options.end(), std::back_inserter(result),
                           word_of);
        }
    } else {
        result.push_back({"--help", "explain", {}, Value::none});
    }
    for (const std::string& option : split(command.options, ' ')) {
        const std::size_t equals = std::min(option.find('='), option.size());
        result.push_back(*std::find_if(std::begin(others), std::end(others), [&](const Word& each) {
            return each.name == option.substr(0, equals);
        }));
        if (equals < option.size()) {
            result.back().choices = split(option.substr(equals + 1), ',');
        }
    }
    return result;
}

}  // namespace ctgate::completion

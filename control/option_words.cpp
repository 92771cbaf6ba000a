// SPDX-License-Identifier: GPL-2.0-only
#include "control/option_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>

#include "control/option_values.hpp"

namespace ctgate {
namespace {

namespace po = boost::program_options;
namespace style = po::command_line_style;

// No guessing: an abbreviation that is clear today is ambiguous with the next version.
constexpr int plain_style = style::allow_long | style::long_allow_adjacent |
                            style::long_allow_next | style::allow_short |
                            style::allow_dash_for_short | style::short_allow_next;

bool is_option(const std::string& word) {
    return word.starts_with('-');
}

std::string name_in(const std::string& word) {
    return word.substr(0, word.find('='));
}

std::string bare_name(const std::string& word) {
    const std::string name = name_in(word);
    return name.substr(std::min(name.find_first_not_of('-'), name.size()));
}

// Sorts one option, or one word that is none, as Boost read it.
void sort(const po::option& read, const std::string& word, OptionWords& result) {
    if (read.unregistered || (read.string_key.empty() && is_option(word))) {
        result.unknown.push_back(name_in(word));
    } else if (read.string_key.empty()) {
        result.positional.push_back(word);
    } else {
        result.options.emplace_back(read.string_key, read.value.empty() ? "" : read.value.front());
    }
}

// Throws what Boost throws.
void split_piece(const po::options_description& description, Arguments piece, OptionWords& result) {
    const std::vector<std::string> words(piece.begin(), piece.end());
    const po::parsed_options read = po::command_line_parser(words)
                                        .options(description)
                                        .style(plain_style)
                                        .allow_unregistered()
                                        .run();
    if (read.options.empty()) {  // "--"
        result.unknown.push_back(words.front());
    }
    for (const po::option& option : read.options) {
        sort(option, words.front(), result);
    }
}

// What Boost finds wrong with an option. It finds so before it has looked for the name ("--foo=")
// or all of it ("-hx"): what is none of ours is unknown first of all.
void sort_broken(const po::options_description& description, po::invalid_syntax::kind_t kind,
                 const std::string& word, OptionWords& result) {
    const std::string name = bare_name(word);
    // All options without a letter match the empty name.
    const po::option_description* option =
        name.empty() ? nullptr : description.find_nothrow(name, false);
    if (!option || !word.starts_with("--")) {
        result.unknown.push_back(name_in(word));
        return;
    }
    result.broken.push_back(name);
    result.problems.push_back(
        kind == po::invalid_syntax::extra_parameter
            ? fmt::format("--{} takes no value", name)
            : fmt::format("--{0} needs a value: --{0} {1}", name, option->semantic()->name()));
}

// Splits what begins with the first word and says how many words that were: the second is its
// value if Boost misses one without it. A value that begins with "--" is rather the next option,
// misspelt; "--name=--value" is taken.
std::size_t split_first(const po::options_description& description, Arguments words,
                        OptionWords& result) {
    const std::size_t most = words.size() > 1 && !words[1].starts_with("--") ? 2 : 1;
    for (std::size_t count = 1;; ++count) {
        try {
            split_piece(description, words.first(count), result);
            return count;
        } catch (const po::invalid_syntax& error) {
            if (error.kind() != po::invalid_syntax::missing_parameter || count == most) {
                sort_broken(description, error.kind(), words.front(), result);
                return 1;
            }
        } catch (const po::error&) {  // such as ambiguous_option
            result.unknown.push_back(name_in(words.front()));
            return 1;
        }
    }
}

bool has_value_behind(Arguments words) {
    return words.size() > 1 && words[0].find('=') == std::string::npos && !is_option(words[1]);
}

}  // namespace

bool OptionWords::has(std::string_view name) const {
    return std::any_of(options.begin(), options.end(),
                       [&](const auto& option) { return option.first == name; });
}

std::string OptionWords::value_of(std::string_view name) const {
    const auto found = std::find_if(options.begin(), options.end(),
                                    [&](const auto& option) { return option.first == name; });
    return found == options.end() ? "" : found->second;
}

OptionWords split_words(const po::options_description& description, Arguments words) {
    OptionWords result;
    while (!words.empty()) {
        const std::size_t unknown = result.unknown.size();
        std::size_t count = split_first(description, words, result);
        if (result.unknown.size() > unknown && has_value_behind(words)) {
            count = 2;
        }
        words = words.subspan(count);
    }
    return result;
}

std::string netns_of(const OptionWords& words, std::vector<std::string>& problems) {
    const auto is_netns = [](const auto& option) { return option.first == "netns"; };
    const auto times = std::count_if(words.options.begin(), words.options.end(), is_netns);
    if (times == 0) {
        return "";
    }
    if (times > 1) {
        problems.emplace_back("--netns is given twice; keep one");
    }
    Config scratch;
    std::string name = words.value_of("netns");
    if (const Complaint complaint = take_netns(name, scratch)) {
        problems.push_back(fmt::format("--netns {} {}", quote(name), *complaint));
    }
    return name;
}

}  // namespace ctgate

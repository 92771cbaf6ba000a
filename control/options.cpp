// SPDX-License-Identifier: GPL-2.0-only
#include "control/options.hpp"

#include <fmt/format.h>

#include "control/option_draft.hpp"
#include "control/option_file.hpp"
#include "control/option_words.hpp"

namespace ctgate {
namespace {

void take_words(const OptionWords& words, OptionDraft& draft) {
    draft.begin_source();
    for (const std::string& problem : words.problems) {
        draft.problem(problem);
    }
    for (const std::string& name : words.broken) {
        draft.broken(name);
    }
    for (const std::string& name : words.unknown) {
        draft.unknown(name, "", "--");
    }
    for (const std::string& word : words.positional) {
        draft.problem(fmt::format("{} belongs to no option; 'ctgate check --help' explains all",
                                  quote(word)));
    }
    for (const auto& [name, value] : words.options) {
        draft.take(*find_option(name), value, fmt::format("--{}", name));
    }
}

// Whether the file could be read; its problems are those of the draft.
bool take_file(const std::string& path, OptionDraft& draft) {
    try {
        take_config_text(read_config_file(path), path, draft);
        return true;
    } catch (const ConfigError& error) {
        draft.problem(error.what());
        return false;
    }
}

}  // namespace

ParsedOptions parse_options(Arguments arguments) {
    ParsedOptions result;
    const OptionWords words = split_words(describe_options(), arguments);
    result.help = words.has("help");
    if (result.help) {
        return result;
    }
    OptionDraft draft(result.config);
    result.config_file = words.value_of("config");
    const bool complete = !words.has("config") || take_file(result.config_file, draft);
    take_words(words, draft);
    if (complete) {  // else what the file says would be missed
        draft.check();
    }
    draft.throw_problems();
    result.given = draft.taken();
    return result;
}

// Each is a source of its own: of a name that is not repeatable, the last one wins.
ParsedOptions parse_given(const std::vector<ParsedOptions::Given>& given) {
    ParsedOptions result;
    OptionDraft draft(result.config);
    for (const auto& [name, value, label] : given) {
        draft.begin_source();
        if (const Option* option = find_option(name)) {
            draft.take(*option, value, label);
        } else {
            draft.unknown(name, label + ": ", "--");
        }
    }
    draft.check();
    draft.throw_problems();
    result.given = draft.taken();
    return result;
}

void parse_config_text(const std::string& text, const std::string& name, Config& config) {
    OptionDraft draft(config);
    take_config_text(text, name, draft);
    draft.throw_problems();
}

}  // namespace ctgate

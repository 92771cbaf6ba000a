// SPDX-License-Identifier: GPL-2.0-only
// What a shell may complete: the words and options of each command. Those of `run` and their values
// come from the table of options; a test holds the others against each --help.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/option_table.hpp"

namespace ctgate::completion {

// What stands behind an option.
enum class Value { none, text, interface, netns, file, choice };

struct Word {
    std::string name;  // with its dashes
    std::string explanation;
    std::vector<std::string> choices;  // of Value::choice
    Value value = Value::none;
    bool repeatable = false;
};

struct Command {
    std::string_view name;
    std::string_view words;  // that may follow it, with spaces between
    std::string_view
        options;          // of its own, likewise, without --help; =A,B: the values it takes here
    bool options_of_run;  // it takes these too
};

std::span<const Command> commands();
std::vector<Word> options_of(const Command& command);

// The choices of an option, or none.
std::vector<std::string> choices_of(const Option& option);

std::string bash();
std::string zsh();

}  // namespace ctgate::completion

// SPDX-License-Identifier: GPL-2.0-only
// The completion for zsh: a call of _arguments for each command.
#include <fmt/format.h>

#include "control/completion.hpp"

namespace ctgate::completion {
namespace {

// The first sentence, as it may stand in brackets within single quotes.
std::string quoted_sentence(std::string text) {
    if (const std::size_t end = text.find(". "); end != std::string::npos) {
        text.resize(end);
    }
    std::string result;
    for (const char each : text) {
        if (each == '[' || each == ']' || each == ':' || each == '\\') {
            result += '\\';
        }
        result += each == '\'' ? std::string("'\\''") : std::string(1, each);
    }
    return result;
}

std::string action_of(const Word& word) {
    switch (word.value) {
        case Value::interface:
            return ":interface:_net_interfaces";
        case Value::netns:
            return ":network namespace:_files -W /run/netns";
        case Value::file:
            return ":file:_files";
        case Value::choice:
            return fmt::format(":value:({})", fmt::join(word.choices, " "));
        case Value::text:
            return ":value: ";
        case Value::none:
            break;
    }
    return "";
}

std::string argument(const Word& word) {
    return fmt::format("            '{}{}{}[{}]{}'", word.repeatable ? "*" : "", word.name,
                       word.value == Value::none ? "" : "=", quoted_sentence(word.explanation),
                       action_of(word));
}

}  // namespace

std::string zsh() {
    std::string names;
    std::string cases;
    for (const Command& command : commands()) {
        names += fmt::format(" {}", command.name);
        cases += fmt::format("        {}) _arguments", command.name);
        for (const Word& each : options_of(command)) {
            cases += " \\\n" + argument(each);
        }
        if (!command.words.empty()) {
            cases += fmt::format(" \\\n            '1:word:({})'", command.words);
        }
        cases += " ;;\n";
    }
    return fmt::format(
        R"(#compdef ctgate
# zsh completion of ctgate, made by `ctgate completion zsh`
_ctgate() {{
    if ((CURRENT == 2)); then
        compadd --{} help
        return
    fi
    shift words
    ((CURRENT--))
    case $words[1] in
{}    esac
}}
if [ "$funcstack[1]" = _ctgate ]; then
    _ctgate "$@"
else
    compdef _ctgate ctgate
fi
)",
        names, cases);
}

}  // namespace ctgate::completion

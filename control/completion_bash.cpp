// SPDX-License-Identifier: GPL-2.0-only
// The completion for bash: one function of two tables, of values and of words.
#include <fmt/format.h>

#include <map>

#include "control/completion.hpp"

namespace ctgate::completion {
namespace {

// bash splits at '=' as well, so the value of --netns=NAME is a word of its own.
constexpr const char* head = R"(# bash completion of ctgate, made by `ctgate completion bash`
_ctgate() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words= value=yes
    if [ "$word" = = ]; then
        word=
    elif [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
)";

constexpr const char* tail = R"(    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _ctgate ctgate
)";

// The shell's command for a value. Nobody can guess a text.
std::string action_of(const Word& word) {
    switch (word.value) {
        case Value::interface:
            return R"(words=$(ls /sys/class/net))";
        case Value::netns:
            return R"(words=$(ls /run/netns 2>/dev/null))";
        case Value::file:
            return R"(mapfile -t COMPREPLY < <(compgen -f -- "$word"); return)";
        case Value::choice:
            return fmt::format("words=\"{}\"", fmt::join(word.choices, " "));
        case Value::text:
        case Value::none:
            break;
    }
    return "return";
}

}  // namespace

std::string bash() {
    std::map<std::string, std::string> values;  // of the first command that has the option
    std::string values_here;                    // of another, if they differ
    std::string names;
    std::string words;
    for (const Command& command : commands()) {
        std::string options;
        for (const Word& each : options_of(command)) {
            options += " " + each.name;
            if (each.value == Value::none) {
                continue;
            }
            const std::string action = action_of(each);
            if (values.emplace(each.name, action).first->second != action) {
                values_here +=
                    fmt::format("        {}:{}) {} ;;\n", command.name, each.name, action);
            }
        }
        names += fmt::format(" {}", command.name);
        words +=
            fmt::format("        *:{}) words=\"{}{}\" ;;\n", command.name, command.words, options);
    }
    std::string result = head;
    result += "    case ${COMP_WORDS[1]}:$before in\n" + values_here;
    for (const auto& [name, action] : values) {
        result += fmt::format("        *:{}) {} ;;\n", name, action);
    }
    result += "        *) value= ;;\n    esac\n";
    result += "    case $value$COMP_CWORD:${COMP_WORDS[1]} in\n        yes*) ;;\n";
    result += fmt::format("        1:*) words=\"{} help\" ;;\n", names.substr(1));
    return result + words + tail;
}

}  // namespace ctgate::completion

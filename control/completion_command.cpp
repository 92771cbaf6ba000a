// SPDX-License-Identifier: GPL-2.0-only
// ctgate completion
#include <fmt/core.h>

#include "control/build_commands.hpp"
#include "control/completion.hpp"
#include "control/config.hpp"

namespace ctgate {
namespace {

constexpr const char* help =
    R"(Usage: ctgate completion bash|zsh

Prints what makes this shell complete the commands, options and values of ctgate.
Packages bring it along; else, for the shell that runs:

  source <(ctgate completion bash)

Exit status: 0; 2 wrong usage.
)";

}  // namespace

int completion_command(Arguments arguments) {
    const std::string shell = arguments.size() == 1 ? arguments[0] : "";
    if (shell == "--help" || shell == "-h") {
        fmt::print("{}", help);
    } else if (shell == "bash") {
        fmt::print("{}", completion::bash());
    } else if (shell == "zsh") {
        fmt::print("{}", completion::zsh());
    } else {
        throw ConfigError(
            {"'completion' takes one word, 'bash' or 'zsh'; 'ctgate completion --help' explains"});
    }
    return exit_success;
}

}  // namespace ctgate

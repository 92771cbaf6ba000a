// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/options.hpp"
#include "control/show.hpp"

namespace ctgate {
namespace {

constexpr const char* help =
    R"(Usage: ctgate version [--json]

Prints the version of this program.

  --json  an object: version
)";

}  // namespace

int version_command(Arguments arguments) {
    const CommonOptions options = parse_common("version", arguments);
    if (!options.help && (!options.positional.empty() || !options.netns.empty())) {
        throw ConfigError({"'version' takes --json and nothing else"});
    }
    if (options.help) {
        fmt::print("{}", help);
    } else if (options.json) {
        fmt::print("{}\n", nlohmann::ordered_json{{"version", CTGATE_VERSION}}.dump(2));
    } else {
        fmt::print("ctgate {}\n", CTGATE_VERSION);
    }
    return exit_success;
}

}  // namespace ctgate

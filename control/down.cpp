// SPDX-License-Identifier: GPL-2.0-only
// ctgate down
#include <fmt/core.h>

#include <vector>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/gateway.hpp"
#include "control/netns.hpp"
#include "control/options.hpp"

namespace ctgate {
namespace {

constexpr const char* help =
    R"(Usage: ctgate down [--netns NAME] [--json]
       ctgate down --all [--json]

Ends the daemon of this network namespace, or of the named one, and takes back
everything that ctgate changed: programs, maps, nft table, settings, addresses,
routes, interfaces that were moved, and the namespace itself if ctgate created it.
Sessions stay in conntrack; without another NAT on this machine they come to a halt.

  --netns NAME  the network namespace
  --all         every network namespace that has a name or a process in it
  --json        print {"removed": true or false}

Exit status: 0, also when nothing was there; 1 something could not be taken back
(the rest was); 2 wrong usage.
)";

}  // namespace

int down_command(Arguments arguments) {
    std::vector<std::string> words(arguments.begin(), arguments.end());
    const bool all = std::erase(words, "--all") > 0;
    const CommonOptions options = parse_common("down", words);
    if (options.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    if (!options.positional.empty()) {
        throw ConfigError({fmt::format("'down' does not know '{}'", options.positional[0])});
    }
    if (all && !options.netns.empty()) {
        throw ConfigError({"--all and --netns do not go together; choose one"});
    }
    const FileDescriptor origin = netns::open_current();
    if (!options.netns.empty()) {
        netns::enter(netns::open_named(options.netns));
    }
    const bool removed = all ? take_down_everywhere(origin) : take_down(origin);
    if (options.json) {
        fmt::print("{{\"removed\": {}}}\n", removed);
    } else if (!removed) {
        fmt::print("Nothing of ctgate is in {} network namespace.\n", all ? "any" : "this");
    }
    return exit_success;
}

}  // namespace ctgate

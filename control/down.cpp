// SPDX-License-Identifier: GPL-2.0-only
// ctgate down
#include <fmt/core.h>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/gateway.hpp"
#include "control/netns.hpp"
#include "control/options.hpp"

namespace ctgate {
namespace {

constexpr const char* help =
    R"(Usage: ctgate down [--netns NAME] [--json]

Ends the daemon of this network namespace, or of the named one, and takes back
everything that ctgate changed: programs, maps, nft table, settings, addresses,
routes, interfaces that were moved, and the namespace itself if ctgate created it.
Sessions stay in conntrack; without another NAT on this machine they come to a halt.

  --netns NAME  the network namespace
  --json        print {"removed": true or false}

Exit status: 0, also when nothing was there; 1 something could not be taken back
(the rest was); 2 wrong usage.
)";

}  // namespace

int down_command(Arguments arguments) {
    const CommonOptions options = parse_common("down", arguments);
    if (options.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    if (!options.positional.empty()) {
        throw ConfigError({fmt::format("'down' does not know '{}'", options.positional[0])});
    }
    const FileDescriptor origin = netns::open_current();
    if (!options.netns.empty()) {
        netns::enter(netns::open_named(options.netns));
    }
    const bool removed = take_down(origin);
    if (options.json) {
        fmt::print("{{\"removed\": {}}}\n", removed);
    } else if (!removed) {
        fmt::print("Nothing of ctgate is in this network namespace.\n");
    }
    return exit_success;
}

}  // namespace ctgate

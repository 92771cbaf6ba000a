// SPDX-License-Identifier: GPL-2.0-only
#include "control/show.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <system_error>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/netns.hpp"
#include "control/options.hpp"
#include "control/serving.hpp"

namespace ctgate {
namespace {

constexpr const char* help =
    R"(Usage: ctgate show sessions|counters|hosts [--netns NAME] [--json]

Prints what the gateway of this network namespace, or of the named one, does.

  --netns NAME  look into this network namespace
  --json        machine-readable, with the fields below; new ones may be added

sessions: the kernel's IPv4 conntrack table, one session per line.
  protocol   tcp, udp, icmp, ...
  state      TCP: the kernel's state; others: UNREPLIED, REPLIED or ASSURED
  nat        what is translated of the first packet: source, destination, both
             (hairpinning) or none
  internal   the internal endpoint
  external   our endpoint that stands in for it
  remote     the endpoint the internal one talks to
  timeout    seconds until the session ends unless a packet comes
  accepted   whether the host's firewall let the session through
 Sessions with nat none (of the router itself, or merely routed) are listed too:
 internal is then the source of the first packet, remote its destination, and
 there is no external endpoint. ICMP queries have an identifier in place of the
 port: ADDRESS#ID.
 --json: an array of objects with these fields and mark, status (the kernel's
 flags by name), and original and reply (each with source and destination: the
 kernel's two tuples). Endpoints have address and, where it exists, port or id;
 external may be null.

counters: every counter and every drop reason, in packets unless the text says
sessions. Names that begin with guard_ are counted by the nft table 'ip ctgate'.
 --json: {"counters": {NAME: VALUE, ...}, "drops": {NAME: VALUE, ...}}; a value
 is null when the nft table that counts it is gone.

hosts: what each internal host has, of TCP and of UDP: translated sessions, external
ports of its own (both with the limit, if there is one), and how often a new session
was refused, by reason. Counts begin anew for a host not seen for long.
 --json: an array of objects with host, protocol, sessions, max_sessions (or null),
 ports, max_ports (or null), refused: an object with ports_exhausted, port_quota,
 session_quota, session_rate, tables_full, no_external_address, outside_prefix.

Exit status: 0; 1 something failed; 2 wrong usage; 3 (counters, hosts) nothing of
ctgate serves this network namespace.
)";

}  // namespace

const char* const nothing_serves =
    "ctgate: nothing serves this network namespace; 'ctgate run' starts it and --netns names "
    "another\n";

void finish_output() {
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
        throw std::system_error(errno, std::generic_category(), "Cannot write to standard output");
    }
}

int show_command(Arguments arguments) {
    const CommonOptions options = parse_common("show", arguments);
    if (options.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    const std::string what = options.positional.size() == 1 ? options.positional[0] : "";
    if (what != "sessions" && what != "counters" && what != "hosts") {
        throw ConfigError(
            {"'show' takes one word, 'sessions', 'counters' or 'hosts'; "
             "'ctgate show --help' explains them"});
    }
    std::optional<netns::Scope> scope;
    if (!options.netns.empty()) {
        scope.emplace(netns::open_named(options.netns));
    }
    if (what == "counters") {
        return show_counters(options.json);
    }
    if (what == "hosts") {
        return show_hosts(options.json);
    }
    return show_sessions(options.json, accepted_mark_in_force());
}

}  // namespace ctgate

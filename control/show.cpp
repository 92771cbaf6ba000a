// SPDX-License-Identifier: GPL-2.0-only
#include "control/show.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/netns.hpp"
#include "control/view_options.hpp"

namespace ctgate {
namespace {

constexpr const char* help =
    R"(Usage: ctgate show sessions [FILTER...]
       ctgate show mappings [FILTER...]
       ctgate show hosts [FILTER...] [--sort ORDER] [--top N]
       ctgate show forwards|counters|config
       each with [--netns NAME] [--json]

Prints what the gateway of this network namespace, or of the named one, does.

  --netns NAME  look into this network namespace
  --json        machine-readable, with the fields below; new ones may be added

Filters; what is printed matches all that are given:
  --host ADDRESS[/LEN]       the internal host, or network
  --protocol tcp|udp|icmp
  --port N                   the port of the internal endpoint, or of the external one
  --remote ADDRESS[:PORT]    (sessions) the remote endpoint
  --state STATE              (sessions) unreplied, replied, assured, or one of TCP:
                             none, syn_sent, syn_recv, established, fin_wait,
                             close_wait, last_ack, time_wait, close, syn_sent2

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
  packets,   of both directions, from the IP header on, as far as they were counted:
  bytes      those that took the short path, since it has had a record of the session;
             those that went through the stack (the first and the last ones, at least)
             where conntrack counts the session too (nf_conntrack_acct; it never does
             those that ctgate makes). "-": nobody counts
 Sessions with nat none (of the router itself, or merely routed) are listed too:
 internal is then the source of the first packet, remote its destination, and
 there is no external endpoint. ICMP queries have an identifier in place of the
 port: ADDRESS#ID.
 --json: an array of objects with these fields and mark, status (the kernel's
 flags by name), and original and reply (each with source and destination: the
 kernel's two tuples). Endpoints have address and, where it exists, port or id;
 external may be null, and so packets and bytes. traffic has original and reply
 (each with packets and bytes), and short_path and stack: whether those were counted.

mappings: the endpoint-independent ones, by external endpoint: which external endpoint
an internal one has for its next session.
  expires    seconds until the mapping ends unless a packet keeps it
  age        seconds since it was made
  sessions   that have this external endpoint
 --json: an array of objects with protocol, internal, external (address, port),
 expires_in, age, sessions.

hosts: what each internal host has, of TCP and of UDP: translated sessions (closed ones
too, until conntrack drops them; the limit does not count those), external
ports of its own (both with the limit, if there is one), packets and bytes of these
sessions (as above), and how often a new session was refused, by reason. Counts of
refusals begin anew for a host not seen for long. Filters: --host and --protocol only.
  --sort ORDER  by address (default), sessions, ports, bytes or refused, most first
  --top N       only the first N lines
 --json: an array of objects with host, protocol, sessions, max_sessions (or null),
 ports, max_ports (or null), packets, bytes, refused: an object with ports_exhausted,
 port_quota, session_quota, session_rate, tables_full, no_external_address,
 outside_prefix.

forwards: as 'ctgate forward list', and how many sessions have these ports now.

counters: every counter and every drop reason, in packets unless the text says
sessions. Names that begin with guard_ are counted by the nft table 'ip ctgate'.
 --json: {"counters": {NAME: VALUE, ...}, "drops": {NAME: VALUE, ...}}; a value
 is null when the nft table that counts it is gone.

config: the options in force, as the daemon has written them down when it began or
reloaded them last, whether or not it still runs; and where each comes from: FILE:LINE,
command line or default.
 --json: an object with version, daemon (its pid, or null), options: an array of objects
 with option, value (as text, or null: none) and source.

Exit status: 0; 1 something failed; 2 wrong usage; 3 (all but sessions) nothing of
ctgate serves this network namespace.
)";

constexpr std::array<std::string_view, 7> all_options = {"host",  "protocol", "port", "remote",
                                                         "state", "sort",     "top"};

struct Subject {
    std::string_view name;
    int (*function)(const ViewOptions& options);
    std::span<const std::string_view> options;
};

constexpr std::array<std::string_view, 4> host_options = {"host", "protocol", "sort", "top"};

constexpr std::array subjects = {
    Subject{"sessions", show_sessions, std::span(all_options).first(5)},
    Subject{"mappings", show_mappings, std::span(all_options).first(3)},
    Subject{"hosts", show_hosts, host_options},
    Subject{"forwards", show_forwards, {}},
    Subject{"counters", show_counters, {}},
    Subject{"config", show_config, {}},
};

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
    const ViewOptions options = parse_view("show", all_options, arguments);
    if (options.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    const std::string what = options.positional.size() == 1 ? options.positional[0] : "";
    const auto* subject = std::find_if(subjects.begin(), subjects.end(),
                                       [&](const Subject& each) { return each.name == what; });
    if (subject == subjects.end()) {
        throw ConfigError(
            {"'show' takes one word, 'sessions', 'mappings', 'hosts', 'forwards', 'counters' or "
             "'config'; 'ctgate show --help' explains them"});
    }
    refuse_others(options, "show " + what, subject->options);
    std::optional<netns::Scope> scope;
    if (!options.netns.empty()) {
        scope.emplace(netns::open_named(options.netns));
    }
    return subject->function(options);
}

}  // namespace ctgate

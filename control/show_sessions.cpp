// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/core.h>

#include "control/commands.hpp"
#include "control/conntrack.hpp"
#include "control/conntrack_names.hpp"
#include "control/session_json.hpp"
#include "control/session_view.hpp"
#include "control/show.hpp"

namespace ctgate {
namespace {

// The longest endpoint is 255.255.255.255:65535, the longest state SYN_SENT2 or ESTABLISHED: fixed
// widths align everything without knowing the table first.
constexpr const char* row = "{:<8} {:<11} {:<11} {:<21} {:<21} {:<21} {:>8} {}\n";

void print_json(std::uint32_t accepted_mark) {
    const char* before = "[\n";
    conntrack::for_each([&](const Session& session) {
        fmt::print("{}{}", before, session_json(session, accepted_mark).dump());
        before = ",\n";
    });
    fmt::print("{}", *before == '[' ? "[]\n" : "\n]\n");
}

void print_table(std::uint32_t accepted_mark) {
    fmt::print(row, "PROTOCOL", "STATE", "NAT", "INTERNAL", "EXTERNAL", "REMOTE", "TIMEOUT",
               "ACCEPTED");
    conntrack::for_each([&](const Session& session) {
        const SessionView seen = view(session);
        fmt::print(row, conntrack::protocol_name(session.protocol), seen.state, nat_name(seen.nat),
                   seen.internal.text(), seen.external ? seen.external->text() : "-",
                   seen.remote.text(), session.timeout,
                   session.mark & accepted_mark ? "yes" : "no");
    });
}

}  // namespace

int show_sessions(bool json, std::uint32_t accepted_mark) {
    if (json) {
        print_json(accepted_mark);
    } else {
        print_table(accepted_mark);
    }
    return exit_success;
}

}  // namespace ctgate

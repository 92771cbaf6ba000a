// SPDX-License-Identifier: GPL-2.0-only
#include "control/session_list.hpp"

#include <fmt/core.h>

#include "control/conntrack_names.hpp"
#include "control/session_json.hpp"

namespace ctgate {
namespace {

// The longest endpoint is 255.255.255.255:65535, the longest state SYN_SENT2 or ESTABLISHED: fixed
// widths align everything without knowing the table first.
constexpr const char* row = "{:<8} {:<11} {:<11} {:<21} {:<21} {:<21} {:>8} {:<8} {:>10} {:>13}\n";

}  // namespace

void SessionList::begin() {
    if (json_) {
        fmt::print("[");
        return;
    }
    fmt::print(row, "PROTOCOL", "STATE", "NAT", "INTERNAL", "EXTERNAL", "REMOTE", "TIMEOUT",
               "ACCEPTED", "PACKETS", "BYTES");
}

void SessionList::add(const Session& session, const SessionView& seen,
                      const SessionTraffic& traffic) {
    if (json_) {
        nlohmann::ordered_json document = session_json(session, accepted_mark_);
        add_traffic(document, traffic);
        fmt::print("{}{}", empty_ ? "\n" : ",\n", document.dump());
        empty_ = false;
        return;
    }
    const bool known = traffic.short_path || traffic.stack;
    fmt::print(row, conntrack::protocol_name(session.protocol), seen.state, nat_name(seen.nat),
               seen.internal.text(), seen.external ? seen.external->text() : "-",
               seen.remote.text(), session.timeout, session.mark & accepted_mark_ ? "yes" : "no",
               known ? std::to_string(traffic.packets()) : "-",
               known ? std::to_string(traffic.bytes()) : "-");
}

void SessionList::end() {
    if (json_) {
        fmt::print("{}]", empty_ ? "" : "\n");
    }
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// A conntrack entry in the words of a NAT: internal, external and remote endpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/conntrack.hpp"

namespace ctgate {

// Which ends of a session are translated, seen from its first packet. Both: hairpinning.
enum class Nat { none, source, destination, both };
std::string nat_name(Nat nat);

// One end of a session: TCP, UDP and the like have ports, ICMP queries an identifier.
struct SessionEnd {
    IpAddress address;
    std::optional<std::uint16_t> port;
    std::optional<std::uint16_t> icmp_id;

    std::string text() const;  // "10.0.0.2:1234", "10.0.0.2#33" (ICMP), "10.0.0.2"
};

struct SessionView {
    Nat nat = Nat::none;
    SessionEnd internal;
    std::optional<SessionEnd> external;  // none for a session without NAT
    SessionEnd remote;
    // The kernel's two tuples; an ICMP query has its identifier at the end that sent the request.
    SessionEnd original_source, original_destination;
    SessionEnd reply_source, reply_destination;
    // TCP: the kernel's state; else UNREPLIED, REPLIED or ASSURED.
    std::string state;
};

// Without NAT, internal is the source of the first packet and remote its destination.
SessionView view(const Session& session);

}  // namespace ctgate

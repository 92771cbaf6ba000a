// SPDX-License-Identifier: GPL-2.0-only
#include "control/session_view.hpp"

#include <fmt/core.h>
#include <linux/netfilter/nf_conntrack_common.h>

namespace ctgate {
namespace {

bool has_ports(std::uint8_t protocol) {
    return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
           protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

Nat nat_of(std::uint32_t status) {
    const bool source = status & IPS_SRC_NAT;
    const bool destination = status & IPS_DST_NAT;
    if (source) {
        return destination ? Nat::both : Nat::source;
    }
    return destination ? Nat::destination : Nat::none;
}

std::string state_of(const Session& session) {
    if (!session.state.empty()) {
        return session.state;
    }
    if (session.status & IPS_ASSURED) {
        return "ASSURED";
    }
    return session.status & IPS_SEEN_REPLY ? "REPLIED" : "UNREPLIED";
}

// `id` is used for ICMP only.
SessionEnd end_of(const Session& session, const Endpoint& endpoint,
                  std::optional<std::uint16_t> id) {
    SessionEnd end{endpoint.address, std::nullopt, std::nullopt};
    if (has_ports(session.protocol)) {
        end.port = endpoint.port;
    } else if (session.protocol == IPPROTO_ICMP) {
        end.icmp_id = id;
    }
    return end;
}

}  // namespace

std::string nat_name(Nat nat) {
    switch (nat) {
        case Nat::none:
            return "none";
        case Nat::source:
            return "source";
        case Nat::destination:
            return "destination";
        case Nat::both:
            return "both";
    }
    return "none";
}

std::string SessionEnd::text() const {
    if (port) {
        return fmt::format("{}:{}", address.text(), *port);
    }
    return icmp_id ? fmt::format("{}#{}", address.text(), *icmp_id) : address.text();
}

SessionView view(const Session& session) {
    SessionView result;
    result.nat = nat_of(session.status);
    result.state = state_of(session);
    result.original_source = end_of(session, session.source, session.icmp_id);
    result.original_destination = end_of(session, session.destination, std::nullopt);
    result.reply_source = end_of(session, session.reply_source, std::nullopt);
    result.reply_destination = end_of(session, session.reply_destination, session.icmp_reply_id);
    switch (result.nat) {
        case Nat::none:
            result.internal = result.original_source;
            result.remote = result.original_destination;
            break;
        case Nat::source:
        case Nat::both:
            result.internal = result.original_source;
            result.external = result.reply_destination;
            result.remote = result.reply_source;
            break;
        case Nat::destination:
            result.internal = result.reply_source;
            result.external = result.original_destination;
            result.remote = result.original_source;
            break;
    }
    return result;
}

}  // namespace ctgate

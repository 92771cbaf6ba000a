// SPDX-License-Identifier: GPL-2.0-only
// What the control plane changes in conntrack's table; of single sessions the dataplane takes care.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "control/conntrack.hpp"
#include "control/ip.hpp"

namespace ctgate::sessions {

// Sessions from before our time were let through by whatever guarded this machine then: gives them
// the bit `accepted`. With `earlier`: only those that have this bit.
void accept(std::uint32_t accepted, std::optional<std::uint32_t> earlier);

// Where sessions cannot go on: whose external address is one of these, or whose internal host is
// in one of these networks. As long as their host repeats itself they would not end by themselves.
struct Loss {
    std::set<IpAddress> external;
    std::vector<IpPrefix> internal;
    // Destinations that are to be translated from now on: sessions without NAT between them and
    // these networks of internal hosts.
    std::vector<IpPrefix> not_exempt, inside;

    bool is_empty() const { return external.empty() && internal.empty() && not_exempt.empty(); }
};
std::vector<Session> those_of(const Loss& loss);
void end_those_of(const Loss& loss);

// Ends sessions of other protocols than TCP and UDP that were begun without NAT (for those two the
// dataplane does it), so that they begin anew with it.
void end_untranslated();

// Ends the sessions at these external addresses that the firewall never let through: they must not
// pass for old ones later.
void end_unaccepted(std::uint32_t accepted, const std::set<IpAddress>& external);

// Translated TCP sessions may have gone past the stack, so that conntrack has not seen their
// windows: it must go on with them once nf_conntrack_tcp_be_liberal is off again.
void ignore_windows();

// Takes our bit away from all sessions.
void forget_acceptance(std::uint32_t accepted);

}  // namespace ctgate::sessions

// SPDX-License-Identifier: GPL-2.0-only
// Which sessions, or mappings, a subcommand is about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/conntrack.hpp"
#include "control/option_values.hpp"
#include "control/session_view.hpp"

namespace ctgate {

// What is not set matches everything.
struct SessionFilter {
    std::optional<IpPrefix> host;          // of the internal endpoint
    std::optional<std::uint8_t> protocol;  // IPPROTO_TCP, IPPROTO_UDP or IPPROTO_ICMP
    std::optional<std::uint16_t> port;     // of the internal endpoint or of the external one
    std::optional<IpAddress> remote;
    std::optional<std::uint16_t> remote_port;
    std::string state;  // the kernel's name of one of TCP, UNREPLIED, REPLIED or ASSURED; or empty

    bool is_empty() const;
    bool matches(const Session& session, const SessionView& seen) const;
    // Of a mapping, which has no remote endpoint.
    bool matches(std::uint8_t protocol, const Endpoint& internal, const Endpoint& external) const;
    // What of it the kernel can do; matches() is to be asked all the same.
    conntrack::Selection selection() const;
};

// Why these cannot all be true of a session; to be read as a sentence.
Complaint contradiction(const SessionFilter& filter);

// The values of --host, --protocol, --port, --remote and --state.
Complaint take_filter_host(const std::string& value, SessionFilter& filter);
Complaint take_filter_protocol(const std::string& value, SessionFilter& filter);
Complaint take_filter_port(const std::string& value, SessionFilter& filter);
Complaint take_filter_remote(const std::string& value, SessionFilter& filter);
Complaint take_filter_state(const std::string& value, SessionFilter& filter);

std::vector<std::string> filter_states();  // that the last one takes: UNREPLIED and the like first

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/session_filter.hpp"

#include <fmt/ranges.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "control/number.hpp"

namespace ctgate {
namespace {

constexpr std::array tcp_states = {"NONE",     "SYN_SENT",   "SYN_RECV", "ESTABLISHED",
                                   "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT",
                                   "CLOSE",    "SYN_SENT2"};

// States of any protocol: some bits of the status.
struct StatusWord {
    std::string_view name;
    std::uint32_t status, mask;
};
constexpr std::array status_words = {StatusWord{"UNREPLIED", 0, IPS_SEEN_REPLY},
                                     StatusWord{"REPLIED", IPS_SEEN_REPLY, IPS_SEEN_REPLY},
                                     StatusWord{"ASSURED", IPS_ASSURED, IPS_ASSURED}};

const StatusWord* find_status(std::string_view name) {
    const auto* found = std::find_if(status_words.begin(), status_words.end(),
                                     [&](const StatusWord& each) { return each.name == name; });
    return found == status_words.end() ? nullptr : found;
}

bool is_tcp_state(std::string_view name) {
    return std::find(tcp_states.begin(), tcp_states.end(), name) != tcp_states.end();
}

bool has_state(const Session& session, const std::string& state) {
    const StatusWord* word = find_status(state);
    return word ? (session.status & word->mask) == word->status : session.state == state;
}

bool has_port(const SessionEnd& end, std::uint16_t port) {
    return end.port == port;
}

}  // namespace

bool SessionFilter::is_empty() const {
    return !host && !protocol && !port && !remote && state.empty();
}

bool SessionFilter::matches(const Session& session, const SessionView& seen) const {
    return (!protocol || session.protocol == *protocol) &&
           (!host || host->contains(seen.internal.address)) &&
           (!port || has_port(seen.internal, *port) ||
            (seen.external && has_port(*seen.external, *port))) &&
           (!remote || seen.remote.address == *remote) &&
           (!remote_port || has_port(seen.remote, *remote_port)) &&
           (state.empty() || has_state(session, state));
}

bool SessionFilter::matches(std::uint8_t its_protocol, const Endpoint& internal,
                            const Endpoint& external) const {
    return (!protocol || its_protocol == *protocol) &&
           (!host || host->contains(internal.address)) &&
           (!port || internal.port == *port || external.port == *port);
}

conntrack::Selection SessionFilter::selection() const {
    conntrack::Selection result;
    result.protocol = protocol;
    if (const StatusWord* word = find_status(state)) {
        result.status = word->status;
        result.status_mask = word->mask;
    } else if (!state.empty()) {
        result.protocol = IPPROTO_TCP;
    }
    if (host && host->length == 32) {
        result.internal = host->address;
    }
    return result;
}

Complaint contradiction(const SessionFilter& filter) {
    if (filter.protocol.value_or(IPPROTO_TCP) != IPPROTO_TCP && is_tcp_state(filter.state)) {
        return "--state " + filter.state + " is one of TCP; drop it, or give --protocol tcp";
    }
    if (filter.protocol == IPPROTO_ICMP && (filter.port || filter.remote_port)) {
        return "ICMP has no ports; drop --protocol icmp, or the port";
    }
    return std::nullopt;
}

Complaint take_filter_host(const std::string& value, SessionFilter& filter) {
    const auto address = IpAddress::parse(value);
    const auto prefix = address ? std::optional(IpPrefix{*address, 32}) : IpPrefix::parse(value);
    if (!prefix) {
        return "is no internal address; write 10.0.0.2, or 10.0.0.0/24";
    }
    filter.host = prefix;
    return std::nullopt;
}

Complaint take_filter_protocol(const std::string& value, SessionFilter& filter) {
    if (value == "tcp") {
        filter.protocol = IPPROTO_TCP;
    } else if (value == "udp") {
        filter.protocol = IPPROTO_UDP;
    } else if (value == "icmp") {
        filter.protocol = IPPROTO_ICMP;
    } else {
        return "is none of tcp, udp, icmp";
    }
    return std::nullopt;
}

Complaint take_filter_port(const std::string& value, SessionFilter& filter) {
    const auto port = parse_number<std::uint16_t>(value);
    if (!port || *port == 0) {
        return "is no port; write a number from 1 to 65535";
    }
    filter.port = port;
    return std::nullopt;
}

Complaint take_filter_remote(const std::string& value, SessionFilter& filter) {
    if (const auto address = IpAddress::parse(value)) {
        filter.remote = address;
        return std::nullopt;
    }
    const auto endpoint = Endpoint::parse(value);
    if (!endpoint || endpoint->port == 0) {
        return "is no remote endpoint; write 198.51.100.2, or 198.51.100.2:443";
    }
    filter.remote = endpoint->address;
    filter.remote_port = endpoint->port;
    return std::nullopt;
}

std::vector<std::string> filter_states() {
    std::vector<std::string> names;
    const auto add = [&](std::string_view name) {
        std::string& added = names.emplace_back(name);
        std::transform(added.begin(), added.end(), added.begin(), [](unsigned char letter) {
            return static_cast<char>(std::tolower(letter));
        });
    };
    for (const StatusWord& word : status_words) {
        add(word.name);
    }
    for (const std::string_view state : tcp_states) {
        add(state);
    }
    return names;
}

Complaint take_filter_state(const std::string& value, SessionFilter& filter) {
    std::string name = value;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    if (!find_status(name) && !is_tcp_state(name)) {
        return fmt::format("is none of {}", fmt::join(filter_states(), ", "));
    }
    filter.state = name;
    return std::nullopt;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/conntrack_names.hpp"

#include <fmt/core.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

namespace ctgate::conntrack {
namespace {

// include/uapi/linux/netfilter/nf_conntrack_tcp.h
constexpr std::array<std::string_view, 10> tcp_states = {
    "NONE",       "SYN_SENT", "SYN_RECV",  "ESTABLISHED", "FIN_WAIT",
    "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",       "SYN_SENT2"};

}  // namespace

std::string protocol_name(std::uint8_t protocol) {
    switch (protocol) {
        case IPPROTO_ICMP:
            return "icmp";
        case IPPROTO_TCP:
            return "tcp";
        case IPPROTO_UDP:
            return "udp";
        case IPPROTO_DCCP:
            return "dccp";
        case IPPROTO_GRE:
            return "gre";
        case IPPROTO_SCTP:
            return "sctp";
        case IPPROTO_UDPLITE:
            return "udplite";
        default:
            return std::to_string(protocol);
    }
}

std::string_view tcp_state_name(std::uint8_t state) {
    return state < tcp_states.size() ? tcp_states[state] : "UNKNOWN";
}

std::optional<std::uint8_t> tcp_state_number(std::string_view name) {
    const auto* const found = std::find(tcp_states.begin(), tcp_states.end(), name);
    return found == tcp_states.end()
               ? std::nullopt
               : std::optional(static_cast<std::uint8_t>(found - tcp_states.begin()));
}

std::vector<std::string> status_names(std::uint32_t status) {
    // include/uapi/linux/netfilter/nf_conntrack_common.h, bit 0 first
    constexpr std::array<std::string_view, 16> names = {
        "EXPECTED",   "SEEN_REPLY",   "ASSURED",      "CONFIRMED", "SRC_NAT",       "DST_NAT",
        "SEQ_ADJUST", "SRC_NAT_DONE", "DST_NAT_DONE", "DYING",     "FIXED_TIMEOUT", "TEMPLATE",
        "NAT_CLASH",  "HELPER",       "OFFLOAD",      "HW_OFFLOAD"};
    std::vector<std::string> result;
    for (unsigned bit = 0; bit < 32; bit++) {
        if (status & (1u << bit)) {
            result.push_back(bit < names.size() ? std::string(names[bit])
                                                : fmt::format("BIT_{}", bit));
        }
    }
    return result;
}

}  // namespace ctgate::conntrack

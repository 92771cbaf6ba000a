// SPDX-License-Identifier: GPL-2.0-only
// The kernel's names for what stands in a conntrack entry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ctgate::conntrack {

// "tcp", "udp", "icmp", ...; the number as text for protocols without a name here.
std::string protocol_name(std::uint8_t protocol);

// enum tcp_conntrack: "NONE", "SYN_SENT", ..., as `conntrack -L` prints them; "UNKNOWN" beyond.
std::string_view tcp_state_name(std::uint8_t state);

// The inverse; nullopt: there is no such state.
std::optional<std::uint8_t> tcp_state_number(std::string_view name);

// The IPS_* bits that are set, lowest first, without the prefix; bits without a name as "BIT_n".
std::vector<std::string> status_names(std::uint32_t status);

}  // namespace ctgate::conntrack

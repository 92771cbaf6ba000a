// SPDX-License-Identifier: GPL-2.0-only
// The values of options: from text into the configuration, and back for messages and `check`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/config.hpp"

namespace ctgate {

// Why a value was not taken, to be read behind "OPTION 'VALUE' ": "is reversed; write 5-9".
using Complaint = std::optional<std::string>;

// One value of one option. Either the configuration has it afterwards (repeatable options: as one
// more element), or the complaint says what a right value looks like and nothing has changed.
Complaint take_internal(const std::string& value, Config& config);
Complaint take_external(const std::string& value, Config& config);
Complaint take_external_address(const std::string& value, Config& config);
Complaint take_port_range(const std::string& value, Config& config);
Complaint take_port_set_id(const std::string& value, Config& config);
Complaint take_port_set_length(const std::string& value, Config& config);
Complaint take_port_set_offset(const std::string& value, Config& config);
Complaint take_address(const std::string& value, Config& config);
Complaint take_route(const std::string& value, Config& config);
Complaint take_netns(const std::string& value, Config& config);
Complaint take_move(const std::string& value, Config& config);
Complaint take_clamp_mss(const std::string& value, Config& config);
Complaint take_max_sessions(const std::string& value, Config& config);
Complaint take_accepted_mark(const std::string& value, Config& config);
Complaint take_attach(const std::string& value, Config& config);
Complaint take_fast_path(const std::string& value, Config& config);
Complaint take_listen_http(const std::string& value, Config& config);
Complaint take_log_level(const std::string& value, Config& config);
Complaint take_nat_log(const std::string& value, Config& config);
Complaint take_ipfix(const std::string& value, Config& config);
Complaint take_mapping(const std::string& value, Config& config);
Complaint take_filtering(const std::string& value, Config& config);
Complaint take_host(const std::string& value, Config& config);
Complaint take_inbound_refresh(const std::string& value, Config& config);
Complaint take_overload_when_full(const std::string& value, Config& config);
Complaint take_max_new_per_second(const std::string& value, Config& config);
Complaint take_max_sessions_per_host(const std::string& value, Config& config);
Complaint take_max_ports_per_host(const std::string& value, Config& config);
Complaint take_port_block_size(const std::string& value, Config& config);
Complaint take_deterministic(const std::string& value, Config& config);
Complaint take_refusal_icmp(const std::string& value, Config& config);
Complaint take_forward(const std::string& value, Config& config);
Complaint take_one_to_one(const std::string& value, Config& config);
Complaint take_dmz(const std::string& value, Config& config);
Complaint take_no_nat(const std::string& value, Config& config);
Complaint take_udp_timeout(const std::string& value, Config& config);
Complaint take_tcp_established_timeout(const std::string& value, Config& config);
Complaint take_tcp_transitory_timeout(const std::string& value, Config& config);
Complaint take_icmp_timeout(const std::string& value, Config& config);
Complaint take_dangerous_timeouts(const std::string& value, Config& config);

// Why this filtering cannot be had with this mapping, to be read behind the option that asks for
// the filtering.
Complaint behaviour_complaint(NatBehaviour behaviour);

// They have an external port in common.
bool overlap(const ForwardOption& one, const ForwardOption& other);

// The words that the options take.
std::string_view text(ClampMss value);
std::string_view text(AttachMode value);
std::string_view text(FastPath value);
std::string_view text(LogLevel value);
std::string_view text(MappingBehaviour value);
std::string_view text(FilteringBehaviour value);
std::string_view yes_or_no(bool value);

// The values as the options write them: "wan0=203.0.113.5", "203.0.113.5=1024-2047",
// "10.0.0.0/8,via=10.1.0.1,dev=lan0".
std::string text(const ExternalAddressOption& option);
std::string text(const PortRangeOption& option);
std::string text(const AddressOption& option);
std::string text(const RouteOption& option);
std::string text(const HostOption& option);
std::string text(const ForwardOption& option);
std::string text(const OneToOneOption& option);

std::string text(const DeterministicOption& option);

// "127.0.0.1:9469", "[::1]:9469"
std::string text(const ListenOption& option);

// For people: "52 of 8 bits behind 6", "UDP 300 s, ...".
std::string text(const PortSet& set);
std::string text(const Timeouts& timeouts);

// Foreign text for a message, in quotes: one line of printable ASCII whatever it holds (other
// bytes as \xNN), cut where it is long.
std::string quote(std::string_view text);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// The checks, by file. Each is a line of the table in selftest_table.cpp.
#pragma once

#include "control/selftest.hpp"

namespace ctgate::selftest {

// selftest_mapping.cpp
Finding udp_mapping(Bench& bench);
Finding udp_mapping_contended(Bench& bench);
Finding udp_overloading(Bench& bench);
Finding tcp_mapping(Bench& bench);
Finding tcp_mapping_contended(Bench& bench);
Finding tcp_overloading(Bench& bench);
// selftest_ports.cpp
Finding pooling(Bench& bench);
Finding port_class(Bench& bench);
Finding port_parity(Bench& bench);
Finding port_preservation(Bench& bench);
// selftest_filtering.cpp
Finding udp_filtering(Bench& bench);
Finding tcp_filtering(Bench& bench);
// selftest_hairpin.cpp
Finding udp_hairpinning(Bench& bench);
Finding udp_hairpin_source(Bench& bench);
Finding tcp_hairpinning(Bench& bench);
// selftest_timers.cpp
Finding udp_timer(Bench& bench);
Finding udp_outbound_refresh(Bench& bench);
Finding icmp_timer(Bench& bench);
Finding tcp_established_timer(Bench& bench);
Finding tcp_opening_timer(Bench& bench);
Finding tcp_closing_timer(Bench& bench);
Finding reset_entry_kept(Bench& bench);
// selftest_idle.cpp
Finding idle_udp(Bench& bench);
Finding idle_udp_refreshed(Bench& bench);
Finding idle_icmp(Bench& bench);
Finding idle_tcp_opening(Bench& bench);
Finding idle_tcp_established(Bench& bench);
// selftest_icmp.cpp
Finding ping(Bench& bench);
Finding error_from_outside(Bench& bench);
Finding error_from_outside_tcp(Bench& bench);
Finding error_from_inside(Bench& bench);
Finding forged_errors(Bench& bench);
Finding udp_survives_errors(Bench& bench);
Finding tcp_survives_errors(Bench& bench);
// selftest_fragments.cpp
Finding fragmentation_needed(Bench& bench);
Finding fragments_sent(Bench& bench);
Finding fragments_in_order(Bench& bench);
Finding fragments_out_of_order(Bench& bench);
// selftest_tcp.cpp
Finding simultaneous_open(Bench& bench);
Finding unsolicited_syn(Bench& bench);
Finding reset_translated(Bench& bench);
// selftest_border.cpp
Finding ttl(Bench& bench);
Finding ttl_exceeded(Bench& bench);
Finding unsolicited(Bench& bench);
Finding directly_addressed(Bench& bench);
Finding no_internal_source(Bench& bench);

}  // namespace ctgate::selftest

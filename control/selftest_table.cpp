// SPDX-License-Identifier: GPL-2.0-only
#include <array>

#include "control/selftest_checks.hpp"

namespace ctgate::selftest {
namespace {

constexpr std::array table{
    // clang-format off
    // Contention first: both hosts use port 4000, which nothing else has touched yet.
    Requirement{"udp-mapping-contended", "RFC 4787 REQ-1", "UDP mapping is endpoint-independent where a port is contended", udp_mapping_contended},
    Requirement{"udp-mapping", "RFC 4787 REQ-1", "UDP mapping is endpoint-independent", udp_mapping},
    Requirement{"pooling", "RFC 4787 REQ-2", "pooling is paired", pooling},
    Requirement{"udp-overloading", "RFC 4787 REQ-3", "no UDP port is overloaded", udp_overloading},
    Requirement{"port-class", "RFC 4787 REQ-3a", "ports keep their class", port_class},
    Requirement{"port-preservation", "RFC 4787 4.2.1", "a free port is kept", port_preservation},
    Requirement{"port-parity", "RFC 4787 REQ-4", "ports keep their parity", port_parity},
    Requirement{"udp-timer", "RFC 4787 REQ-5", "UDP mappings live for 2 minutes or more", udp_timer},
    Requirement{"udp-outbound-refresh", "RFC 4787 REQ-6", "outbound packets refresh UDP mappings", udp_outbound_refresh},
    Requirement{"udp-filtering", "RFC 4787 REQ-8", "UDP filtering is as configured", udp_filtering},
    Requirement{"udp-hairpinning", "RFC 4787 REQ-9", "UDP hairpinning works", udp_hairpinning},
    Requirement{"udp-hairpin-source", "RFC 4787 REQ-9a", "hairpinned packets have external sources", udp_hairpin_source},
    Requirement{"udp-icmp-errors", "RFC 4787 REQ-12", "ICMP ends no UDP mapping", udp_survives_errors},
    Requirement{"fragmentation-needed", "RFC 4787 REQ-13", "too large with DF: the sender is told", fragmentation_needed},
    Requirement{"fragments-sent", "RFC 4787 REQ-13a", "too large without DF: fragments", fragments_sent},
    Requirement{"fragments-in-order", "RFC 4787 REQ-14", "fragments in order are received", fragments_in_order},
    Requirement{"fragments-out-of-order", "RFC 4787 REQ-14", "fragments out of order are received", fragments_out_of_order},
    Requirement{"tcp-mapping-contended", "RFC 5382 REQ-1", "TCP mapping is endpoint-independent where a port is contended", tcp_mapping_contended},
    Requirement{"tcp-mapping", "RFC 5382 REQ-1", "TCP mapping is endpoint-independent", tcp_mapping},
    Requirement{"tcp-simultaneous-open", "RFC 5382 REQ-2a", "simultaneous open works", simultaneous_open},
    Requirement{"tcp-filtering", "RFC 5382 REQ-3", "TCP filtering is as configured", tcp_filtering},
    Requirement{"tcp-unsolicited-syn", "RFC 5382 REQ-4", "an unsolicited SYN is not answered", unsolicited_syn},
    Requirement{"tcp-established-timer", "RFC 5382 REQ-5", "established connections live for 2 h 4 min or more", tcp_established_timer},
    Requirement{"tcp-opening-timer", "RFC 5382 REQ-5", "opening connections live for 4 minutes or more", tcp_opening_timer},
    Requirement{"tcp-closing-timer", "RFC 5382 REQ-5", "closing connections live for 4 minutes or more", tcp_closing_timer},
    Requirement{"tcp-overloading", "RFC 5382 REQ-7", "no TCP port is overloaded", tcp_overloading},
    Requirement{"tcp-hairpinning", "RFC 5382 REQ-8", "TCP hairpinning works, with external sources", tcp_hairpinning},
    Requirement{"tcp-icmp-translated", "RFC 5382 REQ-9", "ICMP errors about TCP are translated", error_from_outside_tcp},
    Requirement{"tcp-icmp-errors", "RFC 5382 REQ-10", "ICMP ends no TCP connection", tcp_survives_errors},
    Requirement{"tcp-reset-translated", "RFC 7857 section 2", "RST is translated", reset_translated},
    Requirement{"tcp-reset-entry-kept", "RFC 7857 section 2", "after RST the session is kept for 4 minutes", reset_entry_kept},
    Requirement{"icmp-echo", "RFC 5508 REQ-1", "ping works", ping},
    Requirement{"icmp-timer", "RFC 5508 REQ-2", "ICMP queries live for 60 s or more", icmp_timer},
    Requirement{"icmp-error-inbound", "RFC 5508 REQ-4", "errors from outside are reverted", error_from_outside},
    Requirement{"icmp-error-forged", "RFC 5508 REQ-4", "errors about no session are dropped", forged_errors},
    Requirement{"icmp-error-outbound", "RFC 5508 REQ-5", "errors from inside are translated", error_from_inside},
    Requirement{"ttl", "RFC 1812 5.3.1", "TTL is decremented", ttl},
    Requirement{"ttl-exceeded", "RFC 1812 5.3.1", "the end of a TTL is told", ttl_exceeded},
    Requirement{"unsolicited", "RFC 4787 section 5", "what nobody has asked for stays outside", unsolicited},
    Requirement{"internal-destination", "RFC 1918 section 3", "internal addresses are not reached from outside", directly_addressed},
    // ctgate may be started anew for these, with timers of a few seconds.
    Requirement{"udp-idle", "RFC 4787 REQ-5", "an idle UDP mapping keeps its time", idle_udp},
    Requirement{"udp-idle-refreshed", "RFC 4787 REQ-6", "a UDP mapping in use does not end", idle_udp_refreshed},
    Requirement{"tcp-opening-idle", "RFC 5382 REQ-5", "a connection that does not open keeps its time", idle_tcp_opening},
    Requirement{"tcp-established-idle", "RFC 5382 REQ-5", "an idle connection keeps its time", idle_tcp_established},
    Requirement{"icmp-idle", "RFC 5508 REQ-2", "an ICMP query keeps its time", idle_icmp},
    // Last: it looks back.
    Requirement{"internal-source", "RFC 1918 section 3", "no internal address comes out", no_internal_source},
    // clang-format on
};

}  // namespace

std::span<const Requirement> requirements() {
    return table;
}

}  // namespace ctgate::selftest

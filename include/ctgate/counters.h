/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every counter and every drop reason of ctgate, declared once: this list gives the BPF enum, the
 * slot in the per-CPU `counters` map, the name that `ctgate show counters` prints, and its text.
 *
 * X(IDENTIFIER, "name", "what one increment means")
 *
 * Names are stable once released. The dataplane writes (one increment per packet, per CPU); the
 * control plane reads and sums over CPUs.
 */
#ifndef CTGATE_COUNTERS_H
#define CTGATE_COUNTERS_H

/* Packets and sessions that went the way they should. */
#define CTGATE_COUNTERS(X)                                                                         \
    X(INTERNAL_PACKETS, "internal_packets", "packets that arrived on an internal interface")       \
    X(EXTERNAL_PACKETS, "external_packets", "packets that arrived on an external interface")       \
    X(NOT_TRANSLATABLE, "to_stack_not_plain",                                                      \
      "packets left to the kernel: not IPv4 TCP or UDP, or without its whole header")              \
    X(NOT_OUTBOUND, "to_stack_not_outbound",                                                       \
      "packets from inside that the route does not send out of an external interface")             \
    X(NO_SYN, "to_stack_tcp_no_syn", "TCP packets from inside without session that are no SYN")    \
    X(SESSION_HIT, "session_hit", "packets that belong to a known session")                        \
    X(SHORT_PATH, "short_path",                                                                    \
      "packets of established sessions that were translated and forwarded past the stack")         \
    X(SHORT_PATH_XDP, "short_path_xdp", "those of them that were in XDP")                          \
    X(CACHED, "session_cached", "records of sessions made for the short path, one per direction")  \
    X(UNSOLICITED, "to_stack_unsolicited",                                                         \
      "packets from outside without session: for the router itself, or dropped by the guard")      \
    X(EXEMPT, "to_stack_exempt", "packets from inside to a destination that is not translated")    \
    X(SESSION_CREATED, "session_created", "sessions created from inside")                          \
    X(INBOUND_CREATED, "session_created_inbound",                                                  \
      "sessions created from outside, to a mapping, a port forward or a one-to-one address")       \
    X(HAIRPINNED, "session_created_hairpinned",                                                    \
      "sessions created between two internal hosts by an external endpoint")                       \
    X(MAPPING_CREATED, "mapping_created", "endpoint-independent mappings created")                 \
    X(MAPPING_ENDED, "mapping_ended", "endpoint-independent mappings whose time was over")         \
    X(BLOCK_TAKEN, "port_block_taken", "port blocks given to an internal host")                    \
    X(BLOCK_RELEASED, "port_block_released", "port blocks of which no port was in use any more")   \
    X(PORT_PRESERVED, "port_preserved", "external ports given out that equal the internal port")   \
    X(PORT_CLASH, "port_clash", "external endpoints found taken towards the remote endpoint")      \
    X(INSERT_CLASH, "insert_clash", "conntrack inserts that lost against another CPU or a clash")  \
    X(REOPENED, "session_reopened",                                                                \
      "closed TCP sessions that a new SYN replaced, keeping their external endpoint")              \
    X(UNACCEPTED_RESTARTED, "session_restarted_unaccepted",                                        \
      "sessions with a reply but never accepted by the firewall, killed and started anew")         \
    X(UNTRANSLATED_RESTARTED, "session_restarted_untranslated",                                    \
      "sessions that somebody began without NAT, killed and started anew")

/* Packets dropped in TC. Each reason has exactly one place in the code. */
#define CTGATE_DROP_REASONS(X)                                                                     \
    X(IP_HEADER, "drop_ip_header", "IPv4 header truncated, or its lengths contradict each other")  \
    X(TCP_HEADER, "drop_tcp_header", "TCP header truncated, or its data offset is wrong")          \
    X(UDP_HEADER, "drop_udp_header", "UDP header truncated, or its length is wrong")               \
    X(NO_EXTERNAL_ADDRESS, "drop_no_external_address",                                             \
      "new session, but the external interface has no external address")                           \
    X(PORTS_EXHAUSTED, "drop_ports_exhausted",                                                     \
      "new session, but no free external port was found in the port ranges, or for its host's "    \
      "port blocks")                                                                               \
    X(OUTSIDE_PREFIX, "drop_outside_prefix",                                                       \
      "new session, but its host is not in the prefix of the deterministic ports")                 \
    X(PORT_QUOTA, "drop_port_quota",                                                               \
      "new session, but its host has as many external ports as it may")                            \
    X(SESSION_QUOTA, "drop_session_quota",                                                         \
      "new session, but its host has as many sessions as it may")                                  \
    X(SESSION_RATE, "drop_session_rate",                                                           \
      "new session, but its host began as many in this second as it may")                          \
    X(MAPPINGS_FULL, "drop_mappings_full", "new session, but the table of mappings is full")       \
    X(SESSION_CLASH, "drop_session_clash",                                                         \
      "new session, but another has the same endpoints after translation")                         \
    X(FILTERED, "drop_filtered",                                                                   \
      "new session to a mapping whose filtering does not let this remote endpoint in")             \
    X(INBOUND_SESSION_QUOTA, "drop_inbound_session_quota",                                         \
      "new session to an internal host that has as many sessions as it may")                       \
    X(FORWARD_REFUSED, "drop_forward_refused",                                                     \
      "new session to a port forward that is not open to this remote address")                     \
    X(TABLE_FULL, "drop_table_full", "new session, but conntrack refused to allocate an entry")    \
    X(NAT_INFO, "drop_nat_info", "new session, but conntrack refused its NAT info")                \
    X(LOOKUP_FAILED, "drop_lookup_failed", "conntrack look-up failed other than by a miss")        \
    X(ENTRY_STUCK, "drop_entry_stuck",                                                             \
      "session that must start anew, but conntrack refused to end its entry (fixed timeout)")      \
    X(UNACCEPTED_REPLY, "drop_unaccepted_reply",                                                   \
      "reply to a session that the host's firewall has not accepted")                              \
    X(FORGED_ORIGINAL, "drop_forged_original",                                                     \
      "packet from outside that claims to be the inside end of a session")                         \
    X(FOREIGN_SOURCE, "drop_foreign_source",                                                       \
      "new session from inside, but the route back to its source does not lead inside")            \
    X(INTERNAL_DESTINATION, "drop_internal_destination",                                           \
      "packet from outside addressed straight to something internal")                              \
    X(TRANSLATION, "drop_translation",                                                             \
      "packet of an established session that could not be changed: out of memory")                 \
    X(OWN_RESET, "drop_own_reset",                                                                 \
      "reset by this machine of a session that it should have translated")                         \
    X(EARLY_RESET, "drop_early_reset",                                                             \
      "reset by this machine of a SYN that an internal host may yet be about to answer")           \
    X(INTERNAL_SOURCE, "drop_internal_source",                                                     \
      "packet about to leave an external interface with an internal source: nothing translated "   \
      "it")

/* Packets dropped by our nft table, counted there by counter objects of the same name. */
#define CTGATE_GUARD_REASONS(X)                                                                    \
    X(UNSOLICITED, "guard_unsolicited", "new packet from outside, forwarded towards the inside")   \
    X(NOT_TRACKED, "guard_not_tracked",                                                            \
      "packet between inside and outside that conntrack finds invalid or does not track")          \
    X(UNACCEPTED, "guard_unaccepted",                                                              \
      "packet of a session that the host's firewall has not accepted")                             \
    X(NOT_SERVED, "guard_not_served",                                                              \
      "packet from an interface where ctgate turned forwarding on, to one that it does not serve") \
    X(INTERNAL_DESTINATION, "guard_internal_destination",                                          \
      "packet from outside addressed straight to an internal address of the router")               \
    X(INTERNAL_SOURCE, "guard_internal_source",                                                    \
      "packet that would have left an external interface with an internal source address")

enum ctgate_counter {
#define CTGATE_ENUM(id, name, text) CTGATE_COUNT_##id,
    CTGATE_COUNTERS(CTGATE_ENUM)
#undef CTGATE_ENUM
#define CTGATE_ENUM(id, name, text) CTGATE_DROP_##id,
        CTGATE_DROP_REASONS(CTGATE_ENUM)
#undef CTGATE_ENUM
            CTGATE_COUNTER_MAX
};

#endif

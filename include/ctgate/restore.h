/* SPDX-License-Identifier: GPL-2.0-only */
/* What `ctgate restore` asks its BPF programs for, and what they return. */
#ifndef CTGATE_RESTORE_H
#define CTGATE_RESTORE_H

#include <linux/types.h>

#include "ctgate/hosts.h"
#include "ctgate/layout.h"
#include "ctgate/pool.h"

/* X(IDENTIFIER, "name", "what it means"): why something cannot be had here. Names are stable once
 * released. */
#define CTGATE_RESTORE_REFUSALS(X)                                                                 \
    X(NO_PORTS, "not_our_address", "this gateway does not give out that external address")         \
    X(NOT_ALLOWED, "port_out_of_range", "the external port is not in the port ranges")             \
    X(LOCAL, "router_socket", "a socket of the router has the external port")                      \
    X(IN_USE, "port_in_use", "the external port is in other use")                                  \
    X(OTHER, "other_mapping", "the internal endpoint has another external one")                    \
    X(BLOCK, "port_block", "the external port lies in a port block of another host")               \
    X(PORT_QUOTA, "port_quota", "the host has as many external ports as it may")                   \
    X(SESSION_QUOTA, "session_quota", "the host has as many sessions as it may")                   \
    X(TABLES_FULL, "tables_full", "the table of mappings, or conntrack's, is full")                \
    X(CLASH, "other_session", "another session has its endpoints")

#define CTGATE_ENUM_ENTRY(id, name, text) CTGATE_RESTORE_##id,
enum ctgate_restored {
    CTGATE_RESTORE_DONE = 0,
    CTGATE_RESTORE_THERE, /* as it was saved */
    CTGATE_RESTORE_REFUSALS(CTGATE_ENUM_ENTRY) CTGATE_RESTORE_MAX
};
#undef CTGATE_ENUM_ENTRY

/* Ports in network byte order, times in seconds from now. */
struct ctgate_restore_request {
    struct ctgate_address internal;
    struct ctgate_address external;
    struct ctgate_address remote;
    __be16 internal_port; /* 0: a port that several share */
    __be16 external_port;
    __be16 remote_port;
    __u8 protocol;    /* IPPROTO_TCP or IPPROTO_UDP */
    __u8 overlapping; /* 1: another internal endpoint may have a mapping of that port */
    __u32 ifindex;    /* of the external interface */
    __u32 mapped;
    __u32 held;
    __u32 sessions;            /* that are open, for TCP */
    struct ctgate_tuple first; /* of a session: its first packet, as it came */
    __u32 place;               /* of a session: that it got, to be returned */
};
CTGATE_LAYOUT(struct ctgate_restore_request, 3 * sizeof(struct ctgate_address) +
                                                 3 * sizeof(__be16) + 2 + 5 * sizeof(__u32) +
                                                 sizeof(struct ctgate_tuple));

#endif

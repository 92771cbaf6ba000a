/* SPDX-License-Identifier: GPL-2.0-only */
/* What each internal host has, and was refused (RFC 6888 REQ-4). Seconds are those of
 * CLOCK_MONOTONIC. */
#ifndef CTGATE_HOSTS_H
#define CTGATE_HOSTS_H

#include <linux/types.h>

#include "ctgate/layout.h"
#include "ctgate/pool.h"

/* Why a new session of a host was refused: X(IDENTIFIER, "name", "what it means"). Names are stable
 * once released. */
#define CTGATE_REFUSALS(X)                                                                         \
    X(PORTS_EXHAUSTED, "ports_exhausted", "no free external port")                                 \
    X(PORT_QUOTA, "port_quota", "it has as many external ports as it may")                         \
    X(SESSION_QUOTA, "session_quota", "it has as many sessions as it may")                         \
    X(SESSION_RATE, "session_rate", "it began as many sessions in that second as it may")          \
    X(TABLES_FULL, "tables_full", "the table of mappings, or conntrack's, is full")                \
    X(NO_ADDRESS, "no_external_address", "there is no external address")                           \
    X(OUTSIDE_PREFIX, "outside_prefix", "it is not in the prefix of the deterministic ports")

#define CTGATE_ENUM_ENTRY(id, name, text) CTGATE_REFUSED_##id,
enum ctgate_refusal { CTGATE_REFUSALS(CTGATE_ENUM_ENTRY) CTGATE_REFUSAL_MAX };
#undef CTGATE_ENUM_ENTRY

/* Key of `hosts`, an LRU: an internal host and a protocol. */
struct ctgate_host_key {
    struct ctgate_address address;
    __u32 protocol;
};
CTGATE_LAYOUT(struct ctgate_host_key, sizeof(struct ctgate_address) + 4);

struct ctgate_host {
    __u64 refused[CTGATE_REFUSAL_MAX]; /* new sessions, by reason */
    __u32 ports;                       /* external ports that it has now */
    __u32 told;                        /* second of the last ICMP error about a refusal */
    __u32 second;                      /* second of its last new session */
    __u32 fresh;                       /* sessions that it began in that second */
    __u32 places; /* of its sessions, given out so far; there are no more than it may have */
    __u32 next;   /* when all are given out: the place to be looked at next, once it is divided by
                     their number */
    __u32 looked_second; /* the second in which it was last looked for a place to give out again */
    __u32 looked;        /* places looked at in that second */
};
CTGATE_LAYOUT(struct ctgate_host, CTGATE_REFUSAL_MAX * sizeof(__u64) + 8 * sizeof(__u32));

/* Key of `places`, with a limit of sessions only: a host has as many as it may have sessions. */
struct ctgate_place {
    struct ctgate_address host;
    __u32 protocol;
    __u32 number; /* from 0 on */
};
CTGATE_LAYOUT(struct ctgate_place, sizeof(struct ctgate_address) + 4 + 4);

/* Key of `placed`, with value ctgate_place: the first packet of a session, as it came. */
struct ctgate_tuple {
    struct ctgate_address source;
    struct ctgate_address destination;
    __be16 source_port;
    __be16 destination_port;
    __u32 protocol;
};
CTGATE_LAYOUT(struct ctgate_tuple, 2 * sizeof(struct ctgate_address) + 2 + 2 + 4);

/* Value of `places`. */
struct ctgate_tenant {
    struct ctgate_tuple tuple;
    __u32 since; /* when it got the place, just before it got its entry */
};
CTGATE_LAYOUT(struct ctgate_tenant, sizeof(struct ctgate_tuple) + 4);

#endif

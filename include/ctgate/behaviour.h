/* SPDX-License-Identifier: GPL-2.0-only */
/* How new sessions are treated: NAT behaviour by internal host, and what holds for all. Written by
 * the control plane, read by the dataplane. */
#ifndef CTGATE_BEHAVIOUR_H
#define CTGATE_BEHAVIOUR_H

#include <linux/types.h>

#include "ctgate/layout.h"
#include "ctgate/pool.h"

/* RFC 4787 section 4.1 and 5. */
enum ctgate_dependence {
    CTGATE_ENDPOINT_INDEPENDENT = 0,
    CTGATE_ADDRESS_DEPENDENT,
    CTGATE_ADDRESS_AND_PORT_DEPENDENT,
};

/* Key of the longest-prefix trie `behaviours`. */
struct ctgate_behaviour_key {
    __u32 prefix_length; /* bits of what follows */
    __u32 protocol;      /* network byte order, always whole: IPPROTO_TCP or IPPROTO_UDP */
    struct ctgate_address internal;
};
CTGATE_LAYOUT(struct ctgate_behaviour_key, 4 + 4 + sizeof(struct ctgate_address));

/* Bits of `protocol` ahead of the prefix. */
#define CTGATE_PROTOCOL_BITS 32

struct ctgate_behaviour {
    __u8 mapping;   /* enum ctgate_dependence, never CTGATE_ADDRESS_DEPENDENT */
    __u8 filtering; /* enum ctgate_dependence */
    __u8 reserved[2];
};
CTGATE_LAYOUT(struct ctgate_behaviour, 4);

/* Key of the longest-prefix trie `exemptions`: destinations that are routed untranslated. */
struct ctgate_prefix {
    __u32 prefix_length;
    struct ctgate_address address;
};
CTGATE_LAYOUT(struct ctgate_prefix, 4 + sizeof(struct ctgate_address));

/* Key of the longest-prefix trie `forward_access`; value: 1, the remote is let in, or 0. */
struct ctgate_access_key {
    __u32 prefix_length; /* bits of what follows */
    __u32 access;        /* network byte order; as in struct ctgate_port_slot */
    struct ctgate_address remote;
};
CTGATE_LAYOUT(struct ctgate_access_key, 4 + 4 + sizeof(struct ctgate_address));

/* The only value of `configuration`. Timeouts in seconds. */
struct ctgate_settings {
    struct ctgate_address dmz; /* internal host for all that is nobody else's; zero: none */
    __u32 udp_timeout;
    __u32 tcp_established_timeout;
    __u32 tcp_transitory_timeout;
    __u32 rest;                  /* RFC 6888 REQ-8 */
    __u32 max_ports_per_host;    /* by protocol; 0: no limit */
    __u32 max_new_per_second;    /* sessions of one host, by protocol; 0: no limit */
    __u32 max_sessions_per_host; /* by protocol; 0: no limit */
    __u8 inbound_refresh;        /* RFC 4787 REQ-6: 1: inbound packets refresh a mapping too */
    __u8 overload_when_full;     /* 1: without a free port, sessions share one */
    __u8 refusal_icmp;           /* 1: a host whose session is refused is told */
    __u8 short_path;             /* 1: established sessions are forwarded past the stack */
    __u32 cache_valid_from; /* CTGATE_CACHE_TICKS: older records of the session cache are void */
};
CTGATE_LAYOUT(struct ctgate_settings, sizeof(struct ctgate_address) + 8 * sizeof(__u32) + 4);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Established sessions that go by the short path: one record for each direction, of all that a
 * packet needs. Only ever a cache: conntrack's entry is the session, and any record may be missing.
 *
 * Written by the dataplane. A record is compact, for there are many: addresses take 4 bytes, and a
 * map for IPv6 would be another.
 */
#ifndef CTGATE_SESSION_CACHE_H
#define CTGATE_SESSION_CACHE_H

#include <linux/types.h>

#include "ctgate/layout.h"

/* Key of the LRU map `session_cache`: a packet as it comes in. Network byte order. */
struct ctgate_cache_key {
    __be32 source;
    __be32 destination;
    __be16 source_port;
    __be16 destination_port;
    __u32 arrival; /* CTGATE_ARRIVAL(protocol, ifindex) */
};
CTGATE_LAYOUT(struct ctgate_cache_key, 4 + 4 + 2 + 2 + 4);

/* Where it comes in is part of the key: a session's packets that arrive elsewhere are looked at
 * afresh. Interfaces from 2^24 on have no short path. */
#define CTGATE_ARRIVAL(protocol, ifindex) ((__u32)(protocol) << 24 | (ifindex))
#define CTGATE_MAX_ARRIVAL_IFINDEX 0xffffffu

enum ctgate_cache_flag {
    CTGATE_CACHE_LAYER3 = 1, /* the output interface has no Ethernet header */
    CTGATE_CACHE_XDP = 2,    /* it takes frames from XDP */
    CTGATE_CACHE_INSIDE = 4, /* packets of this direction come from inside */
};

struct ctgate_cache_record {
    /* After translation. */
    __be32 source;
    __be32 destination;
    __be16 source_port;
    __be16 destination_port;
    __u8 next_hop[6]; /* destination and source of the Ethernet header */
    __u8 output_address[6];
    __u32 output;  /* ifindex */
    __u32 checked; /* CTGATE_CACHE_TICKS when conntrack and routing table were last asked */
    __u64 bytes;   /* from the IP header on, and packets: by the short path, since it was made */
    __u32 packets; /* modulo 2^32 */
    __u16 mtu;     /* of the route */
    __u16 flags;   /* enum ctgate_cache_flag */
    __u8 arrival_address[6]; /* destination of the Ethernet header as it comes in */
    __u16 reserved;
};
CTGATE_LAYOUT(struct ctgate_cache_record,
              4 + 4 + 2 + 2 + 6 + 6 + 2 * sizeof(__u32) + sizeof(__u64) + 4 + 2 + 2 + 6 + 2);

/* CLOCK_MONOTONIC in units of 2^24 ns (17 ms), modulo 2^32 (2 years). */
#define CTGATE_CACHE_TICKS(ns) ((__u32)((ns) >> 24))
/* A record is trusted for less than a second. */
#define CTGATE_CACHE_TRUST 59
/* Of time that is set when a record is renewed: the last packet may come so much later. */
#define CTGATE_CACHE_SECONDS 1

#endif

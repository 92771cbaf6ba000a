/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The external ports of one external address and protocol: which may be given out, which are in
 * use, and for whom. Two maps of maps hold them, both with key ctgate_port_space; the control
 * plane creates the inner maps when an external address comes, and removes them when it goes.
 *
 * A port belongs to whoever sets its bit in `used` first (an atomic or); only he writes its slot.
 */
#ifndef CTGATE_PORTS_H
#define CTGATE_PORTS_H

#include <linux/types.h>

#include "ctgate/layout.h"
#include "ctgate/pool.h"

#define CTGATE_PORTS 65536
#define CTGATE_PORT_WORDS (CTGATE_PORTS / 64)

/* Key of `port_sets`, `port_slots` and `sweeps`. */
struct ctgate_port_space {
    struct ctgate_address address; /* external */
    __u32 protocol;                /* IPPROTO_TCP or IPPROTO_UDP */
};
CTGATE_LAYOUT(struct ctgate_port_space, sizeof(struct ctgate_address) + 4);

/* A port block: 2^block_order ports, whose numbers begin with the same bits; these bits are the
 * number of the block. From the smallest size on, a block is whole words of the bitmaps. */
#define CTGATE_MIN_BLOCK_ORDER 6
#define CTGATE_MAX_BLOCK_ORDER 15

enum ctgate_block_state {
    CTGATE_BLOCK_FREE = 0,
    CTGATE_BLOCK_UNSETTLED, /* somebody is writing whose it is */
    CTGATE_BLOCK_OWNED,     /* only `host` claims ports of it */
    CTGATE_BLOCK_RELEASING, /* about to be free, unless `host` claims a port once more */
};

struct ctgate_port_block {
    struct ctgate_address host; /* internal; whoever made it unsettled writes it */
    __u32 state; /* enum ctgate_block_state; dataplane and control plane, atomically */
    __u32 reserved;
};
CTGATE_LAYOUT(struct ctgate_port_block, sizeof(struct ctgate_address) + 2 * sizeof(__u32));

/* The only value of the inner map of `port_sets`. Bit N % 64 of word N / 64 is port N. */
struct ctgate_port_set {
    /* Port ranges, without the ports of the router's own sockets. Written by the control plane. */
    __u64 allowed[CTGATE_PORT_WORDS];
    /* Both; atomically. */
    __u64 used[CTGATE_PORT_WORDS];
    /* So that a search is not repeated in vain: how often ports became free, and one more than that
     * was when a search found none. */
    __u64 freed; /* both; atomically, after the port is free */
    __u64 full;  /* dataplane */
    /* Ports of `used` that are forwarded: they keep no block. Control plane; atomically. */
    __u64 forwarded[CTGATE_PORT_WORDS];
    __u32 block_order; /* control plane; 0: ports are given out one by one, without blocks */
    __u32 computed;    /* control plane; 1: whose a block is, is computed, and not kept here */
    /* Words of `allowed` that have ports are among first_word..end_word-1. Control plane. */
    __u32 first_word;
    __u32 end_word;
    struct ctgate_port_block blocks[CTGATE_PORT_WORDS]; /* by number */
};
CTGATE_LAYOUT(struct ctgate_port_set, (3 * CTGATE_PORT_WORDS + 2) * sizeof(__u64) +
                                          4 * sizeof(__u32) +
                                          CTGATE_PORT_WORDS * sizeof(struct ctgate_port_block));

enum ctgate_port_state {
    CTGATE_PORT_FREE = 0,
    CTGATE_PORT_MAPPED,    /* endpoint-independent mapping: of one internal endpoint alone */
    CTGATE_PORT_SHARED,    /* address-and-port-dependent mapping: conntrack tells sessions apart */
    CTGATE_PORT_RESTING,   /* given back, not to be given out until mapped_until */
    CTGATE_PORT_FORWARDED, /* configured: the internal endpoint has it for good */
};

/* Value of the inner map of `port_slots`, index: the port. Seconds are those of CLOCK_MONOTONIC. */
struct ctgate_port_slot {
    struct ctgate_address internal;
    /* Remote address of its first session (address-dependent filtering); more in `contacts`. */
    struct ctgate_address contact;
    __u32 mapped_until; /* end of the mapping (RFC 4787 REQ-5, RFC 5382 REQ-5) */
    __u32 held_until;   /* the port stays in use: a session was seen, in whatever direction */
    __u32 sessions;     /* TCP: not yet closed by FIN or RST, as far as known */
    __u32 generation;   /* one more each time the port is given out */
    __u32 ifindex;      /* external interface */
    __u32 access;       /* CTGATE_PORT_FORWARDED: list in `forward_access`; 0: anybody may */
    __u32 since;        /* when the port was given out */
    __be16 internal_port;
    __u8 state; /* enum ctgate_port_state */
    __u8 reserved;
};
CTGATE_LAYOUT(struct ctgate_port_slot,
              2 * sizeof(struct ctgate_address) + 7 * sizeof(__u32) + 2 + 1 + 1);

/* Key of `mappings`: an internal endpoint and the external interface it talks through. */
struct ctgate_mapping_key {
    struct ctgate_address address;
    __u32 ifindex;
    __be16 port;
    __u8 protocol;
    __u8 reserved;
};
CTGATE_LAYOUT(struct ctgate_mapping_key, sizeof(struct ctgate_address) + 4 + 2 + 1 + 1);

/* Value of `mappings`: the external endpoint. Its slot is what counts: an entry that the slot does
 * not confirm is void. */
struct ctgate_mapping {
    struct ctgate_address address;
    __be16 port;
    __u16 reserved;
};
CTGATE_LAYOUT(struct ctgate_mapping, sizeof(struct ctgate_address) + 2 + 2);

/* Key of `contacts`, an LRU: this port, while given out for this time, has sent there. */
struct ctgate_contact {
    struct ctgate_address external;
    struct ctgate_address remote;
    __u32 generation;
    __be16 port;
    __be16 remote_port; /* 0: address-dependent filtering does not ask for it */
    __u32 protocol;
};
CTGATE_LAYOUT(struct ctgate_contact, 2 * sizeof(struct ctgate_address) + 4 + 2 + 2 + 4);

#endif

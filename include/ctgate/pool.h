/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Map keys and values shared by dataplane and control plane. C11- and C++20-clean, no hidden
 * padding (the build proves it), addresses in 16 bytes: IPv4 lies in the first four, the rest zero.
 */
#ifndef CTGATE_POOL_H
#define CTGATE_POOL_H

#include <linux/types.h>

#include "ctgate/defaults.h"
#include "ctgate/layout.h"

/* An IP address, network byte order. */
struct ctgate_address {
    union {
        __u8 bytes[16];
        __be32 words[4];
    };
};
CTGATE_LAYOUT(struct ctgate_address, 16);

/* What its packets begin with, on an interface of ours. */
enum ctgate_link {
    CTGATE_LINK_ETHERNET = 1,
    CTGATE_LINK_LAYER3 = 2, /* the IP header (tun, PPP, WireGuard) */
    CTGATE_LINK_XDP = 3,    /* an Ethernet header; and it takes frames from XDP */
};

/* External ports that may be given out: both ends inclusive, host byte order, 1 <= low <= high. */
struct ctgate_port_range {
    __u16 low;
    __u16 high;
};
CTGATE_LAYOUT(struct ctgate_port_range, 2 + 2);

/* One external address and its port ranges: disjoint, ascending. */
struct ctgate_external_address {
    struct ctgate_address address;
    __u32 range_count; /* 1..CTGATE_MAX_PORT_RANGES */
    __u32 port_count;  /* ports in all ranges together, 1..65535 */
    __u32 first_host;  /* deterministic ports: which host has the first of its blocks, */
    __u32 block_count; /* and how many blocks there are */
    struct ctgate_port_range ranges[CTGATE_MAX_PORT_RANGES];
};
CTGATE_LAYOUT(struct ctgate_external_address,
              sizeof(struct ctgate_address) + 4 * sizeof(__u32) +
                  CTGATE_MAX_PORT_RANGES * sizeof(struct ctgate_port_range));

/* Value of map `pools`, key: ifindex (u32) of an external interface. A session that is routed out
 * of that interface gets one of these addresses, always the same for one internal host
 * (RFC 4787 REQ-2, paired pooling). Replaced as a whole by the control plane. */
struct ctgate_pool {
    __u32 address_count; /* 0: the interface has no external address yet */
    __u32 host_count;    /* deterministic ports: addresses in the internal prefix; else 0 */
    __u32 first_host;    /* the first of them, host byte order */
    __u32 block_order;   /* each has 2^block_order ports */
    __u32 link;          /* enum ctgate_link */
    __u32 reserved;
    struct ctgate_external_address addresses[CTGATE_MAX_EXTERNAL_ADDRESSES];
};
CTGATE_LAYOUT(struct ctgate_pool, 6 * sizeof(__u32) + CTGATE_MAX_EXTERNAL_ADDRESSES *
                                                          sizeof(struct ctgate_external_address));

/* An address that is several of these is the last of them. */
enum ctgate_address_role {
    CTGATE_ADDRESS_INTERNAL = 1,   /* on an internal interface: must not leave an external one */
    CTGATE_ADDRESS_OTHER = 2,      /* on any other interface */
    CTGATE_ADDRESS_EXTERNAL = 3,   /* sessions are given its ports */
    CTGATE_ADDRESS_ONE_TO_ONE = 4, /* stands for one internal host, with all its ports */
};

/* Value of map `addresses`, key: an address that the router has, or gives out. Control plane. */
struct ctgate_address_use {
    __u32 role;                     /* enum ctgate_address_role */
    __u32 ifindex;                  /* EXTERNAL and ONE_TO_ONE: the external interface; else 0 */
    struct ctgate_address internal; /* ONE_TO_ONE: the host; else zero */
};
CTGATE_LAYOUT(struct ctgate_address_use, 4 + 4 + sizeof(struct ctgate_address));

#endif

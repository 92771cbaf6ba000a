/* SPDX-License-Identifier: GPL-2.0-only */
/* What the stages know of one packet. Filled by parse, read-only afterwards. Also compiled in user
 * space, by the tests of parse. */
#ifndef CTGATE_PACKET_H
#define CTGATE_PACKET_H

#include <stdbool.h>

#include <linux/in.h>
#include <linux/stddef.h>

#include "ctgate/pool.h"

#ifndef AF_INET
#define AF_INET 2
#endif

enum tcp_flag {
    TCP_FLAG_FIN_BIT = 0x01,
    TCP_FLAG_SYN_BIT = 0x02,
    TCP_FLAG_RST_BIT = 0x04,
    TCP_FLAG_ACK_BIT = 0x10,
};

struct packet {
    struct ctgate_address source;
    struct ctgate_address destination;
    __be16 source_port;
    __be16 destination_port;
    __u32 network;   /* offset of the IP header from skb->data */
    __u32 transport; /* offset of the TCP or UDP header */
    __u8 family;     /* AF_INET */
    __u8 protocol;   /* IPPROTO_TCP or IPPROTO_UDP */
    __u8 tos;
    __u8 tcp_flags; /* enum tcp_flag; 0 for UDP */
    __u8 ttl;
    __u8 plain;            /* whole, and its IP header without options */
    __u8 transport_length; /* of the TCP or UDP header */
    __u8 checksum;         /* its offset in that header; 0: the packet has none (RFC 768) */
};

/* A transport address, network byte order. */
struct endpoint {
    struct ctgate_address address;
    __be16 port;
    __u16 reserved; /* Linux 6.1 lets no padding, which nobody writes, be passed by pointer */
};

/* What a packet's endpoints become. IPv4, network byte order. */
struct translated {
    __be32 source;
    __be32 destination;
    __be16 source_port;
    __be16 destination_port;
};

/* A session as its packet found it. */
struct session {
    struct endpoint external;     /* the one of the internal endpoint; port 0: there is none */
    struct translated translated; /* of a packet that may take the short path */
    __u8 tcp_state;               /* enum tcp_conntrack, before this packet */
    __u8 from_inside;             /* it came in on an internal interface */
    __u8 reserved[2];
};

/* Where a session is to come from, and to go to; port 0: as it is. Hairpinning has both. */
struct translation {
    struct endpoint source;
    struct endpoint destination;
};

static __always_inline void source_of(const struct packet *pkt, struct endpoint *result)
{
    result->address = pkt->source;
    result->port = pkt->source_port;
}

static __always_inline void destination_of(const struct packet *pkt, struct endpoint *result)
{
    result->address = pkt->destination;
    result->port = pkt->destination_port;
}

static __always_inline bool opens_tcp(const struct packet *pkt)
{
    const __u8 mask = TCP_FLAG_SYN_BIT | TCP_FLAG_ACK_BIT | TCP_FLAG_RST_BIT | TCP_FLAG_FIN_BIT;

    return pkt->protocol == IPPROTO_TCP && (pkt->tcp_flags & mask) == TCP_FLAG_SYN_BIT;
}

/* Neither begins a connection nor ends it. */
static __always_inline bool is_amid_tcp(const struct packet *pkt)
{
    const __u8 mask = TCP_FLAG_SYN_BIT | TCP_FLAG_RST_BIT | TCP_FLAG_FIN_BIT;

    return pkt->protocol == IPPROTO_TCP && !(pkt->tcp_flags & mask);
}

#endif

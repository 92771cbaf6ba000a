/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 3: does the route send this packet, which has no session, out of an external interface?
 * Only then is there something to translate; the router itself, other internal networks,
 * broadcasts and unroutable destinations are the stack's.
 */
#ifndef CTGATE_DECIDE_H
#define CTGATE_DECIDE_H

#include "maps.h"
#include "packet.h"
#include "route.h"

enum decide_result {
    DECIDE_STACK = 0x30,
    DECIDE_TRANSLATE,
};

/* Broadcast, multicast, loopback and "this network" (RFC 1122 section 3.2.1.3) are never forwarded;
 * bpf_fib_lookup would send them along the default route. */
static __always_inline bool is_unicast(const struct ctgate_address *address)
{
    return address->bytes[0] != 0 && address->bytes[0] != 127 && address->bytes[0] < 224;
}

static __always_inline enum decide_result decide(struct __sk_buff *skb, const struct packet *pkt,
                                                 struct ctgate_pool **pool)
{
    struct bpf_fib_lookup fib = {
        .family = pkt->family,
        .l4_protocol = pkt->protocol,
        .sport = pkt->source_port,
        .dport = pkt->destination_port,
        .ifindex = skb->ifindex,
        .tos = pkt->tos,
    };
    __u32 output;

    if (!is_unicast(&pkt->source) || !is_unicast(&pkt->destination))
        return DECIDE_STACK;
    fib.ipv4_src = pkt->source.words[0];
    fib.ipv4_dst = pkt->destination.words[0];
    /* tot_len stays 0: then the kernel checks the packet, GSO-aware, against the device's MTU. */
    output = output_interface(skb, &fib);
    *pool = bpf_map_lookup_elem(&pools, &output);
    return *pool ? DECIDE_TRANSLATE : DECIDE_STACK;
}

#endif

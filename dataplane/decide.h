/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 3: what a packet from inside that has no session is. Where the route sends it out of an
 * external interface, it is to be translated; where it is addressed to an external endpoint behind
 * which there is an internal one, it is to be hairpinned. The router itself, other internal
 * networks, broadcasts and unroutable destinations are the stack's.
 */
#ifndef CTGATE_DECIDE_H
#define CTGATE_DECIDE_H

#include "allocate.h"
#include "inbound.h"
#include "maps.h"
#include "packet.h"
#include "route.h"
#include "way.h"

enum decide_result {
    DECIDE_STACK = 0x30,
    DECIDE_EXEMPT,
    DECIDE_TRANSLATE,
    DECIDE_FILTERED, /* hairpinning, but the other internal endpoint does not let this one in */
    DECIDE_REFUSED,
    DECIDE_FOREIGN, /* its source is not inside */
};

/* Broadcast, multicast, loopback and "this network" (RFC 1122 section 3.2.1.3) are never forwarded;
 * bpf_fib_lookup would send them along the default route. */
static __always_inline bool is_unicast(const struct ctgate_address *address)
{
    return address->bytes[0] != 0 && address->bytes[0] != 127 && address->bytes[0] < 224;
}

/* RFC 4787 REQ-9, RFC 5382 REQ-8: filtering sees the sender at its external address. */
static __always_inline enum decide_result hairpin(struct __sk_buff *skb, const struct packet *pkt,
                                                  __u32 ifindex, struct way *way)
{
    const struct ctgate_address *own = own_address(&pkt->source, ifindex);
    struct endpoint external = {};
    struct endpoint sender = {};

    if (!own) {
        const struct ctgate_external_address *pooled = paired_address(ifindex, &pkt->source);

        if (!pooled)
            return DECIDE_STACK;
        own = &pooled->address;
    }
    sender.address = *own;
    sender.port = pkt->source_port;
    destination_of(pkt, &external);
    way->ifindex = ifindex;
    if (way->to.source.port)
        sender = way->to.source;
    switch (inbound(skb, pkt->protocol, &sender, &external, &way->to.destination)) {
    case INBOUND_ADMITTED:
        return DECIDE_TRANSLATE;
    case INBOUND_FILTERED:
        return DECIDE_FILTERED;
    case INBOUND_REFUSED:
        return DECIDE_REFUSED;
    case INBOUND_STACK:
        break;
    }
    return DECIDE_STACK;
}

/* `way`: its source is the sender's mapping, if known; for DECIDE_TRANSLATE it says where the
 * session goes. Global: its stack is its own. */
__noinline enum decide_result decide_route(struct __sk_buff *skb, const struct packet *pkt,
                                           struct way *way)
{
    struct bpf_fib_lookup fib = {};
    struct ctgate_address destination = {};
    const struct ctgate_address_use *use;
    __u32 output;

    if (!pkt || !way || !is_unicast(&pkt->source) || !is_unicast(&pkt->destination))
        return DECIDE_STACK;
    destination = pkt->destination; /* Linux 6.1: no key lies in an argument's memory */
    use = bpf_map_lookup_elem(&addresses, &destination);
    if (use)
        return use->role >= CTGATE_ADDRESS_EXTERNAL ? hairpin(skb, pkt, use->ifindex, way)
                                                    : DECIDE_STACK;
    if (is_exempt(&pkt->destination))
        return DECIDE_EXEMPT;
    fib.family = pkt->family;
    fib.l4_protocol = pkt->protocol;
    fib.sport = pkt->source_port;
    fib.dport = pkt->destination_port;
    fib.ifindex = skb->ifindex;
    fib.tos = pkt->tos;
    fib.ipv4_src = pkt->source.words[0];
    fib.ipv4_dst = pkt->destination.words[0];
    /* tot_len stays 0: then the kernel checks the packet, GSO-aware, against the device's MTU. */
    output = output_interface(skb, &fib);
    way->ifindex = output;
    return bpf_map_lookup_elem(&pools, &output) ? DECIDE_TRANSLATE : DECIDE_STACK;
}

/* Filtering of the other internal host wants to know the sender's mapping. */
static __always_inline enum decide_result decide(struct __sk_buff *skb, const struct packet *pkt,
                                                 struct way *way)
{
    const struct ctgate_address_use *use = bpf_map_lookup_elem(&addresses, &pkt->destination);
    enum decide_result decided;

    if (use && use->role >= CTGATE_ADDRESS_EXTERNAL) {
        way->ifindex = use->ifindex;
        if (choose_known(pkt, way) != CHOICE_KNOWN)
            way->to.source.port = 0;
    }
    decided = decide_route(skb, pkt, way);
    if (decided != DECIDE_STACK && decided != DECIDE_EXEMPT && !is_from_inside(skb, pkt))
        decided = DECIDE_FOREIGN;
    tell(CTGATE_STAGE_DECIDE, decided);
    return decided;
}

#endif

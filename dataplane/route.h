/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's routing table says of a packet. */
#ifndef CTGATE_ROUTE_H
#define CTGATE_ROUTE_H

#include "kernel.h"
#include "maps.h"
#include "packet.h"

/* The ifindex is filled for these results (net/core/filter.c): the packet would be forwarded,
 * even if a neighbour is missing or it is too big, which the stack will settle. */
static __always_inline bool has_route(long fib_result)
{
    return fib_result == BPF_FIB_LKUP_RET_SUCCESS || fib_result == BPF_FIB_LKUP_RET_NO_NEIGH ||
           fib_result == BPF_FIB_LKUP_RET_FRAG_NEEDED;
}

/* The interface by which the packet would leave; 0: it would not be forwarded. */
static __always_inline __u32 output_interface(struct __sk_buff *skb, struct bpf_fib_lookup *fib)
{
    return has_route(bpf_fib_lookup(skb, fib, sizeof(*fib), 0)) ? fib->ifindex : 0;
}

/* The same for any IPv4 packet, by its addresses, as if it had just come in on this interface. */
static __always_inline __u32 output_by_addresses(struct __sk_buff *skb,
                                                 const struct ctgate_address *source,
                                                 const struct ctgate_address *destination)
{
    struct bpf_fib_lookup fib = {.family = AF_INET, .ifindex = skb->ifindex};

    fib.ipv4_src = source->words[0];
    fib.ipv4_dst = destination->words[0];
    return output_interface(skb, &fib);
}

static __always_inline bool is_internal(__u32 ifindex)
{
    return bpf_map_lookup_elem(&internal_interfaces, &ifindex);
}

/* The way back to its source is inside (RFC 2827). Global: its stack is its own. */
__noinline bool is_from_inside(struct __sk_buff *skb, const struct packet *pkt)
{
    struct ctgate_address source = {};
    struct ctgate_address destination = {};

    if (!pkt)
        return false;
    source = pkt->source;
    destination = pkt->destination;
    return is_internal(output_by_addresses(skb, &destination, &source));
}

#endif

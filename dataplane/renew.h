/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asks the routing table what a packet of this session needs, and keeps that and what conntrack has
 * said in the session cache.
 */
#ifndef CTGATE_RENEW_H
#define CTGATE_RENEW_H

#include <linux/if_ether.h>

#include "route.h"
#include "session_cache.h"
#include "stats.h"

#ifndef BPF_FIB_LOOKUP_SKIP_NEIGH
#define BPF_FIB_LOOKUP_SKIP_NEIGH (1U << 2)
#endif

/* 0: it is no interface of ours. */
static __always_inline __u32 link_of(__u32 ifindex)
{
    const struct ctgate_pool *pool = bpf_map_lookup_elem(&pools, &ifindex);
    const __u32 *link = bpf_map_lookup_elem(&internal_interfaces, &ifindex);

    if (pool)
        return pool->link;
    return link ? *link : 0;
}

/* As the stack looks it up: after translation of the destination, before that of the source. 0: the
 * stack must see to it, such as to a neighbour that is not resolved, to one of IPv6 (RFC 8950), or
 * to a packet that goes back to where it came from. */
static __always_inline __be32 find_next_hop(struct __sk_buff *skb, const struct packet *pkt,
                                            struct ctgate_cache_record *record)
{
    struct bpf_fib_lookup fib = {
        .family = AF_INET,
        .l4_protocol = pkt->protocol,
        .sport = pkt->source_port,
        .dport = record->destination_port,
        .tot_len = 1, /* so that it says what the route's MTU is */
        .ifindex = skb->ifindex,
    };
    long result;
    __u32 link;

    fib.tos = pkt->tos;
    fib.ipv4_src = pkt->source.words[0];
    fib.ipv4_dst = record->destination;
    result = bpf_fib_lookup(skb, &fib, sizeof(fib), 0);
    link = has_route(result) ? link_of(fib.ifindex) : 0;
    if (result == BPF_FIB_LKUP_RET_NO_NEIGH && link == CTGATE_LINK_LAYER3) {
        fib.family = AF_INET; /* the answer may lie over the question */
        fib.tos = pkt->tos;
        fib.ifindex = skb->ifindex;
        fib.ipv4_src = pkt->source.words[0];
        fib.ipv4_dst = record->destination;
        fib.tot_len = 1;
        result = bpf_fib_lookup(skb, &fib, sizeof(fib), BPF_FIB_LOOKUP_SKIP_NEIGH);
    }
    if (result != BPF_FIB_LKUP_RET_SUCCESS || !link || fib.family != AF_INET ||
        fib.ifindex == skb->ifindex)
        return 0;
    record->output = fib.ifindex;
    record->mtu = fib.mtu_result;
    record->flags = link == CTGATE_LINK_LAYER3 ? CTGATE_CACHE_LAYER3
                    : link == CTGATE_LINK_XDP  ? CTGATE_CACHE_XDP
                                               : 0;
    if (link != CTGATE_LINK_LAYER3) {
        __builtin_memcpy(record->next_hop, fib.dmac, sizeof(record->next_hop));
        __builtin_memcpy(record->output_address, fib.smac, sizeof(record->output_address));
    }
    return fib.ipv4_dst;
}

static __always_inline bool same_way(const struct ctgate_cache_record *one,
                                     const struct ctgate_cache_record *other)
{
    const __u32 *left = (const __u32 *)one;
    const __u32 *right = (const __u32 *)other;
    __u32 differing = 0;

    for (__u32 i = 0; i < offsetof(struct ctgate_cache_record, checked) / sizeof(*left); i++)
        differing |= left[i] ^ right[i];
    return !differing;
}

static __always_inline void remember(const struct ctgate_cache_key *key,
                                     struct ctgate_cache_record *record)
{
    struct ctgate_cache_record *known = bpf_map_lookup_elem(&session_cache, key);

    record->checked = cache_ticks();
    if (known) {
        if (same_way(known, record)) {
            known->mtu = record->mtu;
            known->flags = record->flags;
            __builtin_memcpy(known->arrival_address, record->arrival_address,
                             sizeof(record->arrival_address));
            known->checked = record->checked;
            return;
        }
        record->bytes = known->bytes;
        record->packets = known->packets;
    }
    if (!bpf_map_update_elem(&session_cache, key, record, BPF_ANY))
        count(CTGATE_COUNT_CACHED);
}

/* What XDP has to know of the interface by which packets come. */
static __always_inline void note_arrival(struct __sk_buff *skb, const struct packet *pkt,
                                         const struct session *session,
                                         struct ctgate_cache_record *record)
{
    const struct ethhdr *eth = (void *)(long)skb->data;

    if (session->from_inside)
        record->flags |= CTGATE_CACHE_INSIDE;
    if (pkt->network && (const void *)(eth + 1) <= (void *)(long)skb->data_end)
        __builtin_memcpy(record->arrival_address, eth->h_dest, sizeof(record->arrival_address));
}

/* The next hop, in network byte order, if there is now a record of this packet's session and
 * direction; else 0. `session`: offloadable. Global: its stack is its own, and the verifier takes
 * each pointer for possibly NULL. */
__noinline __u32 renew(struct __sk_buff *skb, const struct packet *pkt,
                       const struct session *session)
{
    const struct ctgate_settings *settings = configured();
    struct ctgate_cache_record record = {};
    struct ctgate_cache_key key = {};
    __be32 next_hop;

    if (!pkt || !session || !settings || !settings->short_path || !may_take_short_path(pkt) ||
        skb->ifindex > CTGATE_MAX_ARRIVAL_IFINDEX)
        return 0;
    record.source = session->translated.source;
    record.destination = session->translated.destination;
    record.source_port = session->translated.source_port;
    record.destination_port = session->translated.destination_port;
    next_hop = find_next_hop(skb, pkt, &record);
    if (!next_hop)
        return 0;
    note_arrival(skb, pkt, session, &record);
    cache_key_of(pkt, skb->ifindex, &key);
    remember(&key, &record);
    return next_hop;
}

#endif

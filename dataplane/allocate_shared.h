/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of allocate: an external port that others may have too, towards other remote endpoints
 * (address-and-port-dependent mapping, RFC 7857 section 3); conntrack tells the sessions apart.
 * Candidates: the endpoint of the entry that this one replaces; the internal port; others, drawn
 * at random one by one (RFC 6056 section 3.3.2), or, where there are no more than that, all.
 */
#ifndef CTGATE_ALLOCATE_SHARED_H
#define CTGATE_ALLOCATE_SHARED_H

#include "local.h"
#include "mapping.h"
#include "stats.h"
#include "sweep.h"
#include "way.h"

#define FIRST_RANDOM_TRY 2
#define MAX_SHARED_TRIES (CTGATE_MAX_PORT_TRIES + FIRST_RANDOM_TRY)

/* Takes a port that is free, or shared already; when all are full, anybody's but a forward's. */
static __always_inline bool share(const struct ctgate_port_space *space, const struct way *way,
                                  const struct packet *pkt, __be16 port)
{
    const struct ctgate_settings *settings = configured();
    struct ctgate_port_slot *slot = port_slot(space, port);
    struct ctgate_port_set *set = port_set(space);

    if (!slot || !set || !settings || !port || !may_be_given(set, port))
        return false;
    if (claim(set, port)) {
        const struct ctgate_mapping_key nobody = {.ifindex = way->ifindex};

        fill_slot(slot, &nobody, &pkt->destination, first_until(pkt->protocol), CTGATE_PORT_SHARED);
        start_sweep(space);
        return true;
    }
    return slot->state == CTGATE_PORT_SHARED ||
           (slot->state == CTGATE_PORT_MAPPED && settings->overload_when_full);
}

/* Global, like the next: verified once. */
__noinline __u16 port_at(const struct ctgate_external_address *external, __u32 index)
{
    return external ? ctgate_port_at(external, index) : 0;
}

static __always_inline __be16 candidate(const struct ctgate_external_address *pooled,
                                        const struct packet *pkt, struct way *way)
{
    __u32 index;

    if (way->tries == 0)
        return same_address(&way->previous.external.address, &pooled->address)
                   ? way->previous.external.port
                   : 0;
    if (way->tries == 1)
        return pkt->source_port;
    index = bpf_get_prandom_u32();
    if (pooled->port_count <= CTGATE_MAX_PORT_TRIES)
        index = way->start + way->tries;
    return bpf_htons(port_at(pooled, index % pooled->port_count));
}

__noinline enum choice choose_shared(struct __sk_buff *skb, const struct packet *pkt,
                                     struct way *way)
{
    const struct ctgate_external_address *pooled;
    struct ctgate_port_space space = {};
    struct endpoint remote = {};

    if (!pkt || !way)
        return CHOICE_NO_ADDRESS;
    pooled = paired_address(way->ifindex, &pkt->source);
    if (!pooled || !pooled->port_count)
        return CHOICE_NO_ADDRESS;
    if (way->tries == 0)
        way->start = bpf_get_prandom_u32() % CTGATE_PORTS;
    if (way->tries >= MAX_SHARED_TRIES)
        return CHOICE_EXHAUSTED;
    way->to.source.address = pooled->address;
    way->to.source.port = candidate(pooled, pkt, way);
    space_of(&pooled->address, pkt->protocol, &space);
    destination_of(pkt, &remote);
    if (!share(&space, way, pkt, way->to.source.port) ||
        is_local(skb, pkt->protocol, &remote, &way->to.source))
        return CHOICE_AGAIN;
    return CHOICE_SHARED;
}

__noinline int settle_shared(const struct packet *pkt, const struct way *way)
{
    struct ctgate_port_space space = {};
    struct ctgate_port_slot *slot;

    if (!pkt || !way)
        return 0;
    space_of(&way->to.source.address, pkt->protocol, &space);
    slot = port_slot(&space, way->to.source.port);
    if (slot)
        begin_session(slot, pkt->protocol, true);
    if (way->to.source.port == pkt->source_port)
        count(CTGATE_COUNT_PORT_PRESERVED);
    return 0;
}

#endif

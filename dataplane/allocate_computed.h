/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of allocate: a port for a new mapping where the internal address alone says which block the
 * host has (RFC 7422). */
#ifndef CTGATE_ALLOCATE_COMPUTED_H
#define CTGATE_ALLOCATE_COMPUTED_H

#include "ctgate/port_blocks.h"
#include "ports.h"
#include "way.h"

#define PORT_BITS 16

/* The address in which the n-th host has its block. NULL: there is none. */
static __always_inline const struct ctgate_external_address *
address_of_host(const struct ctgate_pool *pool, __u32 n)
{
    for (__u32 i = 0; i < CTGATE_MAX_EXTERNAL_ADDRESSES && i < pool->address_count; i++) {
        const struct ctgate_external_address *external = &pool->addresses[i];

        if (n - external->first_host < external->block_count)
            return external;
    }
    return 0;
}

/* External address and block of the host. Global, like the next: verified once, and their stacks do
 * not add up. */
__noinline enum choice compute_block(const struct packet *pkt, struct way *way)
{
    const struct ctgate_external_address *external;
    const struct ctgate_pool *pool;
    __u32 ifindex, n;

    if (!pkt || !way)
        return CHOICE_NO_ADDRESS;
    ifindex = way->ifindex; /* Linux 6.1: no key lies in an argument's memory */
    pool = bpf_map_lookup_elem(&pools, &ifindex);
    if (!pool)
        return CHOICE_NO_ADDRESS;
    n = bpf_ntohl(pkt->source.words[0]) - pool->first_host;
    if (n >= pool->host_count)
        return CHOICE_OUTSIDE;
    external = address_of_host(pool, n);
    if (!external)
        return CHOICE_NO_ADDRESS;
    way->to.source.address = external->address;
    way->block = ctgate_block_at(external, pool->block_order % PORT_BITS, n - external->first_host);
    return way->block == CTGATE_NO_BLOCK ? CHOICE_NO_ADDRESS : CHOICE_COMPUTED;
}

/* A port of that block, claimed: the internal one, if it lies there; else one of its parity; else
 * any other. */
__noinline enum choice claim_computed(const struct packet *pkt, struct way *way)
{
    struct ctgate_port_space space = {};
    struct search search = {};
    __u32 port, order, words;

    if (!pkt || !way)
        return CHOICE_NO_ADDRESS;
    space_of(&way->to.source.address, pkt->protocol, &space);
    search.set = port_set(&space);
    if (!search.set)
        return CHOICE_NO_ADDRESS;
    order = search.set->block_order % PORT_BITS;
    words = 1u << (order - WORD_ORDER) % PORT_WORDS_ORDER;
    port = bpf_ntohs(pkt->source_port);
    if (way->tries == 0 && port >> order == way->block &&
        claim_allowed(search.set, pkt->source_port)) {
        way->to.source.port = pkt->source_port;
        return CHOICE_FRESH;
    }
    search_words(&search, way->block * words, (way->block + 1) * words, parity_of(port));
    if (!search.port && search.free)
        search_words(&search, way->block * words, (way->block + 1) * words, ~0ull);
    way->to.source.port = bpf_htons(search.port);
    return search.port ? CHOICE_FRESH : CHOICE_EXHAUSTED;
}

#endif

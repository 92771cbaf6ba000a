/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of allocate: a port for a new mapping where internal hosts have port blocks. */
#ifndef CTGATE_ALLOCATE_BLOCKS_H
#define CTGATE_ALLOCATE_BLOCKS_H

#include "blocks.h"
#include "events.h"
#include "hosts.h"
#include "way.h"

static __always_inline void tell_taken(const struct block_search *search,
                                       const struct ctgate_port_space *space)
{
    struct ctgate_mapping_key host = {.address = *search->host};
    const __u32 order = search->set->block_order;

    tell_mapping(CTGATE_EVENT_BLOCK_TAKEN, &host, space, bpf_htons(search->port >> order << order),
                 1u << order);
}

/* Of the address that claim_endpoint() has found, claimed: the previous port or the internal one if
 * they lie in a block of the host; else any other of its blocks; else one of a block that is free.
 * Global: verified once. */
__noinline enum choice claim_in_blocks(const struct packet *pkt, struct way *way)
{
    struct block_search search = {};
    struct ctgate_port_space space = {};
    __u32 internal_port;

    if (!pkt || !way)
        return CHOICE_NO_ADDRESS;
    space_of(&way->to.source.address, pkt->protocol, &space);
    search.set = port_set(&space);
    search.host = &pkt->source;
    if (!search.set)
        return CHOICE_NO_ADDRESS;
    if (way->tries == 0 && same_address(&way->previous.external.address, &way->to.source.address) &&
        claim_own(search.set, &pkt->source, way->previous.external.port)) {
        way->to.source.port = way->previous.external.port;
        return CHOICE_FRESH;
    }
    if (way->tries == 0 && claim_own(search.set, &pkt->source, pkt->source_port)) {
        way->to.source.port = pkt->source_port;
        return CHOICE_FRESH;
    }
    internal_port = bpf_ntohs(pkt->source_port);
    search_own_blocks(&search, internal_port);
    if (!search.port) {
        if (quota_is_used_up(&pkt->source, pkt->protocol))
            return CHOICE_QUOTA;
        search.mask = parity_of(internal_port);
        bpf_loop(CTGATE_PORT_WORDS, take_block, &search, 0);
        if (search.taken && is_listening())
            tell_taken(&search, &space);
    }
    if (!search.port)
        return search.unsettled ? CHOICE_AGAIN : CHOICE_EXHAUSTED;
    way->to.source.port = bpf_htons(search.port);
    return CHOICE_FRESH;
}

#endif

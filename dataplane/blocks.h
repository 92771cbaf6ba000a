/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Port blocks: an internal host claims ports in its own blocks only, takes a further one when they
 * are full, and has one until no port of it is in use. So it is known whose a port was without a
 * log of every mapping (RFC 6888 REQ-14).
 *
 * free -> unsettled -> owned: by whoever takes it, of several CPUs one.
 * owned -> releasing -> free: by the sweep alone, once it has seen the block unused, and seen so
 * again after it has marked it. Who claims a port looks at the mark afterwards, and takes it off.
 * Of the two, one sees the other: no port is claimed in a block that is not the host's, and no
 * block is lost.
 */
#ifndef CTGATE_BLOCKS_H
#define CTGATE_BLOCKS_H

#include "mapping.h"
#include "stats.h"

/* Its block. Host byte order. */
static __always_inline struct ctgate_port_block *block_of(struct ctgate_port_set *set, __u32 port)
{
    return &set->blocks[(port >> set->block_order) % CTGATE_PORT_WORDS];
}

static __always_inline bool is_owner(const struct ctgate_port_block *block, __u32 state,
                                     const struct ctgate_address *host)
{
    return (state == CTGATE_BLOCK_OWNED || state == CTGATE_BLOCK_RELEASING) &&
           same_address(&block->host, host);
}

/* After a port of it was claimed. True: it stays the host's for as long as that is in use. */
static __always_inline bool keep(struct ctgate_port_block *block, const struct ctgate_address *host)
{
    const __u32 state =
        __sync_val_compare_and_swap(&block->state, CTGATE_BLOCK_RELEASING, CTGATE_BLOCK_OWNED);

    return is_owner(block, state, host);
}

/* This very port, if it lies in a block of the host. */
static __always_inline bool claim_own(struct ctgate_port_set *set,
                                      const struct ctgate_address *host, __be16 port)
{
    struct ctgate_port_block *block = block_of(set, port_number(port));

    if (!is_owner(block, block->state, host) || !claim_allowed(set, port))
        return false;
    if (keep(block_of(set, port_number(port)), host))
        return true;
    give_back(set, port);
    return false;
}

/* A look at every word: at one of each block, beginning with any, then at the next of each. So a
 * block of the host is found soon, and no port in it is preferred. */
struct block_search {
    struct ctgate_port_set *set;
    const struct ctgate_address *host;
    __u64 mask;
    __u32 random;
    __u32 port;      /* found and claimed; 0: none */
    __u32 free;      /* 1: a port of the host's blocks was free, of whatever mask */
    __u32 unsettled; /* 1: another CPU changes something; another search may find more */
    __u32 taken;     /* 1: a block that was free is the host's now */
};

static __always_inline __u32 nth_word(const struct block_search *search, __u32 index)
{
    const __u32 order = (search->set->block_order - WORD_ORDER) % PORT_WORDS_ORDER;
    const __u32 block = (search->random + index) & ((CTGATE_PORT_WORDS >> order) - 1);
    const __u32 round = (search->random >> 16) + (index >> (PORT_WORDS_ORDER - order));

    return (block << order | (round & ((1u << order) - 1))) % CTGATE_PORT_WORDS;
}

static long search_own_word(__u32 index, struct block_search *search)
{
    const __u32 word = nth_word(search, index);
    struct ctgate_port_set *set = search->set;
    struct ctgate_port_block *block = block_of(set, word * 64);
    __u32 port;

    if (!is_owner(block, block->state, search->host) || !free_in(set, word))
        return 0;
    search->free = 1;
    port = claim_in_word(set, word, search->mask, search->random);
    if (!port)
        return 0;
    if (!keep(block_of(set, port), search->host)) {
        give_back(set, bpf_htons(port));
        search->unsettled = 1;
        return 0;
    }
    search->port = port;
    return 1;
}

/* Takes the first block that is free, or at least not settled, and has a free port; and the port,
 * before the block can be released again. */
static long take_block(__u32 index, struct block_search *search)
{
    const __u32 word = nth_word(search, index);
    struct ctgate_port_set *set = search->set;
    struct ctgate_port_block *block = block_of(set, word * 64);

    if (!free_in(set, word) ||
        (block->state == CTGATE_BLOCK_OWNED && !same_address(&block->host, search->host)))
        return 0;
    search->unsettled = 1;
    if (__sync_val_compare_and_swap(&block->state, CTGATE_BLOCK_FREE, CTGATE_BLOCK_UNSETTLED) !=
        CTGATE_BLOCK_FREE)
        return 0;
    block->host = *search->host;
    search->port = claim_in_word(set, word, search->mask, search->random);
    if (!search->port)
        search->port = claim_in_word(set, word, ~0ull, search->random);
    __sync_lock_test_and_set(&block->state, CTGATE_BLOCK_OWNED);
    search->taken = 1;
    count(CTGATE_COUNT_BLOCK_TAKEN);
    return 1;
}

/* A port of the host's own blocks, claimed; 0: there is none. The internal port's parity comes
 * first, but not before a further block. */
static __always_inline void search_own_blocks(struct block_search *search, __u32 internal_port)
{
    search->random = bpf_get_prandom_u32();
    search->mask = parity_of(internal_port);
    bpf_loop(CTGATE_PORT_WORDS, search_own_word, search, 0);
    if (search->port || !search->free)
        return;
    search->mask = ~0ull;
    bpf_loop(CTGATE_PORT_WORDS, search_own_word, search, 0);
}

#endif

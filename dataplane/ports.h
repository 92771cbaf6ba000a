/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * External ports: claimed and given back by one atomic operation each. A search sees every port,
 * so the last free one is found, and that there is none is known.
 */
#ifndef CTGATE_DATAPLANE_PORTS_H
#define CTGATE_DATAPLANE_PORTS_H

#include "maps.h"
#include "packet.h"

#define FIRST_UNPRIVILEGED_WORD 16 /* port 1024: RFC 4787 REQ-3a divides there */
#define EVEN_PORTS 0x5555555555555555ull
#define WORD_ORDER 6        /* 2^6 ports are a word */
#define PORT_WORDS_ORDER 10 /* 2^10 words are all */

static __always_inline void space_of(const struct ctgate_address *external, __u8 protocol,
                                     struct ctgate_port_space *space)
{
    space->address = *external;
    space->protocol = protocol;
}

static __always_inline struct ctgate_port_set *port_set(const struct ctgate_port_space *space)
{
    const __u32 only = 0;
    void *set = bpf_map_lookup_elem(&port_sets, space);

    return set ? bpf_map_lookup_elem(set, &only) : 0;
}

static __always_inline struct ctgate_port_slot *port_slot(const struct ctgate_port_space *space,
                                                          __be16 port)
{
    const __u32 index = bpf_ntohs(port);
    void *slots = bpf_map_lookup_elem(&port_slots, space);

    return slots ? bpf_map_lookup_elem(slots, &index) : 0;
}

/* Host byte order, in bounds: Linux 6.1 does not see that from the byte swap. */
static __always_inline __u32 port_number(__be16 port)
{
    __u32 number = bpf_ntohs(port);

    barrier_var(number);
    return number % CTGATE_PORTS;
}

static __always_inline bool may_be_given(const struct ctgate_port_set *set, __be16 port)
{
    const __u32 number = port_number(port);

    return set->allowed[number / 64] >> (number % 64) & 1;
}

/* True: it was free, and is the caller's. */
static __always_inline bool claim(struct ctgate_port_set *set, __be16 port)
{
    const __u32 number = port_number(port);
    const __u64 bit = 1ull << (number % 64);

    return !(__sync_fetch_and_or(&set->used[number / 64], bit) & bit);
}

static __always_inline bool claim_allowed(struct ctgate_port_set *set, __be16 port)
{
    return port && may_be_given(set, port) && claim(set, port);
}

static __always_inline void give_back(struct ctgate_port_set *set, __be16 port)
{
    const __u32 number = port_number(port);

    __sync_fetch_and_and(&set->used[number / 64], ~(1ull << (number % 64)));
    __sync_fetch_and_add(&set->freed, 1);
}

/* Number of the lowest set bit; there is one. Counts the bits below it, without a branch, which the
 * verifier would follow both ways. (clang 14 fails to compile __builtin_ctzll here.) */
static __always_inline __u32 lowest_bit(__u64 bits)
{
    __u64 below = (bits & -bits) - 1;

    below -= below >> 1 & 0x5555555555555555ull;
    below = (below & 0x3333333333333333ull) + (below >> 2 & 0x3333333333333333ull);
    below = (below + (below >> 4)) & 0x0f0f0f0f0f0f0f0full;
    return below * 0x0101010101010101ull >> 56;
}

/* One of the set bits, none of which is preferred. */
static __always_inline __u32 any_bit(__u64 bits, __u32 random)
{
    const __u32 turn = random % 64;
    const __u64 turned = bits >> turn | bits << ((64 - turn) % 64);

    return (lowest_bit(turned) + turn) % 64;
}

/* RFC 4787 REQ-4. */
static __always_inline __u64 parity_of(__u32 port)
{
    return port % 2 ? ~EVEN_PORTS : EVEN_PORTS;
}

/* A search among the ports of `mask` in `count` words from `first` on. */
struct search {
    struct ctgate_port_set *set;
    __u64 mask;
    __u64 free; /* all free ports that were seen, of whatever mask */
    __u32 first;
    __u32 count;
    __u32 start; /* 0..count-1: where the search begins (RFC 6056 section 3.3.1) */
    __u32 random;
    __u32 port; /* found and claimed; 0: none */
    __u32 reserved;
};

static __always_inline __u64 free_in(const struct ctgate_port_set *set, __u32 word)
{
    return set->allowed[word] & ~set->used[word];
}

/* A free port of the word, of those that the mask has, claimed; 0: there is none. */
static __always_inline __u32 claim_in_word(struct ctgate_port_set *set, __u32 word, __u64 mask,
                                           __u32 random)
{
    __u64 bits = free_in(set, word) & mask;

    /* More than once: another CPU may be faster. */
    for (__u32 tries = 0; tries < 4 && bits; tries++) {
        const __u32 port = word * 64 + any_bit(bits, random);

        if (claim(set, bpf_htons(port)))
            return port;
        bits = free_in(set, word) & mask;
    }
    return 0;
}

static long search_word(__u32 index, struct search *search)
{
    const __u32 ahead = search->start + index;
    const __u32 word = (search->first + (ahead < search->count ? ahead : ahead - search->count)) %
                       CTGATE_PORT_WORDS;
    struct ctgate_port_set *set = search->set;

    search->free |= free_in(set, word);
    search->port = claim_in_word(set, word, search->mask, search->random);
    return search->port != 0;
}

/* Words first..end-1, as far as they may have ports at all: else a narrow range would mostly be
 * entered at its begin, and its ports could be guessed (RFC 6056). */
static __always_inline void search_words(struct search *search, __u32 first, __u32 end, __u64 mask)
{
    const __u32 random = bpf_get_prandom_u32();
    const struct ctgate_port_set *set = search->set;
    __u32 count;

    if (first < set->first_word)
        first = set->first_word;
    if (end > set->end_word)
        end = set->end_word;
    if (first >= end || end > CTGATE_PORT_WORDS)
        return;
    count = end - first;
    search->first = first;
    search->count = count;
    search->mask = mask;
    search->start = random % count;
    search->random = random >> 16;
    bpf_loop(count, search_word, search, 0);
}

/* Any free port, claimed, in this order: class and parity of the internal port (RFC 4787 REQ-3a,
 * REQ-4), its class, any. Host byte order; 0: all are in use. Global: verified once. */
__noinline __u32 claim_any(struct ctgate_port_set *set, __u32 internal_port)
{
    const __u64 parity = parity_of(internal_port);
    const bool privileged = internal_port / 64 < FIRST_UNPRIVILEGED_WORD;
    const __u32 first = privileged ? 0 : FIRST_UNPRIVILEGED_WORD;
    const __u32 end = privileged ? FIRST_UNPRIVILEGED_WORD : CTGATE_PORT_WORDS;
    struct search search = {};
    __u64 freed;

    if (!set)
        return 0;
    freed = set->freed;
    if (set->full == freed + 1)
        return 0;
    barrier();
    search.set = set;
    search_words(&search, first, end, parity);
    if (!search.port && search.free)
        search_words(&search, first, end, ~0ull);
    if (!search.port) /* the other class */
        search_words(&search, privileged ? FIRST_UNPRIVILEGED_WORD : 0,
                     privileged ? CTGATE_PORT_WORDS : FIRST_UNPRIVILEGED_WORD, ~0ull);
    if (!search.port)
        set->full = freed + 1;
    return search.port;
}

#endif

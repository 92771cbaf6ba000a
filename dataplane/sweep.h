/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports come back by a timer of their port space, which looks at a quarter of it each time, with no
 * daemon: mappings end when their time is over, and what has rested long enough is free again.
 *
 * Once round, port blocks of which no port is in use are released.
 *
 * A port that is given back rests at least until the next look: another CPU may just have found
 * its mapping.
 */
#ifndef CTGATE_SWEEP_H
#define CTGATE_SWEEP_H

#include "blocks.h"
#include "events.h"
#include "explain.h"
#include "hosts.h"
#include "mapping.h"
#include "stats.h"

#define CLOCK_MONOTONIC 1
#define SWEEP_WORDS (CTGATE_PORT_WORDS / 4)
#define SWEEP_INTERVAL_NS 250000000ull
#define SHORTEST_REST 1 /* seconds */

struct sweep_position {
    struct ctgate_port_space space;
    __u32 next;
};

/* RFC 6888 REQ-8 and its exceptions: TCP, and filtering that asks for the remote address. */
static __always_inline __u32 rest_of(const struct ctgate_port_slot *slot, __u8 protocol)
{
    const struct ctgate_settings *settings = configured();

    if (protocol == IPPROTO_TCP || slot->state == CTGATE_PORT_SHARED || !settings ||
        behaviour_of(&slot->internal, protocol).filtering != CTGATE_ENDPOINT_INDEPENDENT)
        return SHORTEST_REST;
    return settings->rest > SHORTEST_REST ? settings->rest : SHORTEST_REST;
}

static __always_inline void end_mapping(const struct ctgate_port_slot *slot,
                                        const struct ctgate_port_space *space, __be16 port)
{
    struct ctgate_mapping_key key = {};
    const struct ctgate_mapping *mapping;

    mapping_key_of(&slot->internal, slot->internal_port, space->protocol, slot->ifindex, &key);
    mapping = bpf_map_lookup_elem(&mappings, &key);
    if (mapping && mapping->port == port && same_address(&mapping->address, &space->address))
        bpf_map_delete_elem(&mappings, &key);
    return_quota(&slot->internal, space->protocol);
    count(CTGATE_COUNT_MAPPING_ENDED);
    if (is_listening())
        tell_mapping(CTGATE_EVENT_MAPPING_ENDED, &key, space, port, 0);
}

static __always_inline void look_at(struct ctgate_port_set *set, struct ctgate_port_slot *slot,
                                    const struct ctgate_port_space *space, __be16 port, __u32 now)
{
    switch (slot->state) {
    case CTGATE_PORT_MAPPED:
    case CTGATE_PORT_SHARED:
        if (now <= slot->mapped_until || now <= slot->held_until)
            return;
        slot->mapped_until = now + rest_of(slot, space->protocol);
        if (slot->state == CTGATE_PORT_MAPPED)
            end_mapping(slot, space, port);
        slot->state = CTGATE_PORT_RESTING;
        return;
    case CTGATE_PORT_RESTING:
        if (now > slot->mapped_until && now > slot->held_until)
            unclaim(set, slot, port);
        return;
    default: /* FREE: just claimed; FORWARDED: for good */
        return;
    }
}

static long sweep_word(__u32 index, struct sweep_position *position)
{
    const __u32 word = (position->next + index) % CTGATE_PORT_WORDS;
    const struct ctgate_port_space *space = &position->space;
    struct ctgate_port_set *set = port_set(space);
    const __u32 now = seconds_now();
    void *slots;
    __u64 used;

    if (!set)
        return 1;
    used = set->used[word];
    if (!used)
        return 0;
    slots = bpf_map_lookup_elem(&port_slots, space);
    if (!slots)
        return 1;
    for (__u32 bit = 0; bit < 64; bit++) {
        const __u32 port = word * 64 + bit;
        struct ctgate_port_slot *slot;

        if (!(used >> bit & 1))
            continue;
        slot = bpf_map_lookup_elem(slots, &port);
        if (slot)
            look_at(set, slot, space, bpf_htons(port), now);
    }
    return 0;
}

/* The words of one block, to be searched for a port that is in use, other than by a forward. */
struct block_words {
    const struct ctgate_port_set *set;
    __u32 first;
    __u32 used; /* 1: there is one */
};

static long look_at_word(__u32 index, struct block_words *words)
{
    const __u32 word = (words->first + index) % CTGATE_PORT_WORDS;

    words->used = (words->set->used[word] & ~words->set->forwarded[word]) != 0;
    return words->used;
}

static __always_inline bool is_used(const struct ctgate_port_set *set, __u32 number)
{
    const __u32 order = set->block_order - WORD_ORDER;
    struct block_words words = {.set = set, .first = number << order};

    bpf_loop(1u << order, look_at_word, &words, 0);
    return words.used;
}

static long release_block(__u32 number, struct sweep_position *position)
{
    struct ctgate_port_set *set = port_set(&position->space);
    struct ctgate_mapping_key host = {};
    struct ctgate_port_block *block;

    if (!set)
        return 1;
    block = &set->blocks[number % CTGATE_PORT_WORDS];
    if (block->state != CTGATE_BLOCK_OWNED || is_used(set, number) ||
        __sync_val_compare_and_swap(&block->state, CTGATE_BLOCK_OWNED, CTGATE_BLOCK_RELEASING) !=
            CTGATE_BLOCK_OWNED)
        return 0;
    host.address = block->host; /* nobody else's before it is free */
    if (is_used(set, number)) {
        __sync_val_compare_and_swap(&block->state, CTGATE_BLOCK_RELEASING, CTGATE_BLOCK_OWNED);
    } else if (__sync_val_compare_and_swap(&block->state, CTGATE_BLOCK_RELEASING,
                                           CTGATE_BLOCK_FREE) == CTGATE_BLOCK_RELEASING) {
        count(CTGATE_COUNT_BLOCK_RELEASED);
        if (is_listening())
            tell_mapping(CTGATE_EVENT_BLOCK_RELEASED, &host, &position->space,
                         bpf_htons(number << set->block_order), 1u << set->block_order);
    }
    return 0;
}

/* Ends by itself when the space has gone. */
static int sweep_ports(void *map, struct ctgate_port_space *key, struct sweep *sweep)
{
    struct sweep_position position = {.space = *key, .next = sweep->next};
    const struct ctgate_port_set *set = port_set(key);

    if (!set)
        return 0;
    bpf_loop(SWEEP_WORDS, sweep_word, &position, 0);
    sweep->next = (sweep->next + SWEEP_WORDS) % CTGATE_PORT_WORDS;
    if (set->block_order && sweep->next == 0)
        bpf_loop(CTGATE_PORTS >> set->block_order, release_block, &position, 0);
    bpf_timer_start(&sweep->timer, SWEEP_INTERVAL_NS, 0);
    return 0;
}

/* With the first port of a space that is given out. */
static __always_inline void start_sweep(const struct ctgate_port_space *space)
{
    struct sweep *sweep = bpf_map_lookup_elem(&sweeps, space);

    if (!sweep) {
        const struct sweep fresh = {};

        bpf_map_update_elem(&sweeps, space, &fresh, BPF_NOEXIST);
        sweep = bpf_map_lookup_elem(&sweeps, space);
    }
    if (!sweep || sweep->started || __sync_lock_test_and_set(&sweep->started, 1))
        return;
    bpf_timer_init(&sweep->timer, &sweeps, CLOCK_MONOTONIC);
    /* Linux 6.1 takes a callback that is not set for a subprogram, on the stack of its callers. */
    bpf_timer_set_callback(&sweep->timer, sweep_ports);
    if (!explaining) /* on a busy machine it would begin before the copies are read */
        bpf_timer_start(&sweep->timer, SWEEP_INTERVAL_NS, 0);
}

/* The timer goes on with these programs, whichever set it. */
static __always_inline void take_over_timer(const struct ctgate_port_space *space)
{
    struct sweep *sweep = bpf_map_lookup_elem(&sweeps, space);

    if (!sweep || !sweep->started)
        return;
    bpf_timer_set_callback(&sweep->timer, sweep_ports);
    bpf_timer_start(&sweep->timer, SWEEP_INTERVAL_NS, 0);
}

#endif

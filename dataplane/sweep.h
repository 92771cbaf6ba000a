/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports come back by a timer of their port space, which looks at a quarter of it each time, with no
 * daemon: mappings end when their time is over, and what has rested long enough is free again.
 *
 * A port that is given back rests at least until the next look: another CPU may just have found
 * its mapping.
 */
#ifndef CTGATE_SWEEP_H
#define CTGATE_SWEEP_H

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

/* Ends by itself when the space has gone. */
static int sweep_ports(void *map, struct ctgate_port_space *key, struct sweep *sweep)
{
    struct sweep_position position = {.space = *key, .next = sweep->next};

    if (!port_set(key))
        return 0;
    bpf_loop(SWEEP_WORDS, sweep_word, &position, 0);
    sweep->next = (sweep->next + SWEEP_WORDS) % CTGATE_PORT_WORDS;
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
    bpf_timer_set_callback(&sweep->timer, sweep_ports);
    bpf_timer_start(&sweep->timer, SWEEP_INTERVAL_NS, 0);
}

#endif

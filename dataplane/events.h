/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tells whoever listens what happens to mappings, sessions and port blocks, and what is refused.
 * While nobody listens, each place costs one load and one branch; what established sessions go
 * through has none.
 *
 * Records are written in the ring itself, and the functions are global: the stack is short.
 */
#ifndef CTGATE_DATAPLANE_EVENTS_H
#define CTGATE_DATAPLANE_EVENTS_H

#include "clock.h"
#include "maps.h"
#include "packet.h"
#include "ports.h"

/* Those who have listened, and ended without a word, are forgotten here. */
static __always_inline bool is_over(struct ctgate_listening *who, __u64 until)
{
    if (bpf_ktime_get_ns() <= until)
        return false;
    __sync_val_compare_and_swap(&who->until, until, 0);
    return true;
}

static __always_inline bool is_listening(void)
{
    const __u32 only = 0;
    struct ctgate_listening *who = bpf_map_lookup_elem(&listening, &only);
    __u64 until;

    if (!who)
        return false;
    until = who->until;
    return until && !is_over(who, until);
}

/* To be filled and submitted, all zero but for these three; NULL: the ring is full, which is
 * counted. */
static __always_inline struct ctgate_event *new_event(enum ctgate_event_kind kind, __u8 protocol)
{
    struct ctgate_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
    const __u32 key = kind;
    __u64 *lost;

    if (!event) {
        lost = bpf_map_lookup_elem(&events_lost, &key);
        if (lost)
            __sync_fetch_and_add(lost, 1);
        return 0;
    }
    __builtin_memset(event, 0, sizeof(*event));
    event->time = bpf_ktime_get_ns();
    event->kind = kind;
    event->protocol = protocol;
    return event;
}

static __always_inline void set_end(struct ctgate_event_end *end,
                                    const struct ctgate_address *address, __be16 port)
{
    end->address = *address;
    end->port = port;
}

/* An external port without a mapping of this internal endpoint. */
static __always_inline bool is_shared(const struct packet *pkt, const struct endpoint *external)
{
    struct ctgate_port_space space = {};
    const struct ctgate_port_slot *slot;

    if (!external->port)
        return false;
    space_of(&external->address, pkt->protocol, &space);
    slot = port_slot(&space, external->port);
    return slot && slot->state != CTGATE_PORT_FORWARDED &&
           (slot->state != CTGATE_PORT_MAPPED || slot->internal_port != pkt->source_port ||
            slot->internal.words[0] != pkt->source.words[0]);
}

/* This packet's session has its entry. */
__noinline int tell_session(const struct packet *pkt, const struct translation *to)
{
    struct ctgate_event *event;
    bool shared;

    if (!pkt || !to)
        return 0;
    shared = is_shared(pkt, &to->source);
    event = new_event(CTGATE_EVENT_SESSION_CREATED, pkt->protocol);
    if (!event)
        return 0;
    set_end(&event->source, &pkt->source, pkt->source_port);
    set_end(&event->destination, &pkt->destination, pkt->destination_port);
    if (to->source.port)
        set_end(&event->new_source, &to->source.address, to->source.port);
    if (to->destination.port)
        set_end(&event->new_destination, &to->destination.address, to->destination.port);
    event->shared = shared;
    bpf_ringbuf_submit(event, 0);
    return 0;
}

/* False: enough for this second. `left_out`: how many were, before this one. */
static __always_inline bool may_tell(__u32 reason, __u32 *left_out)
{
    struct ctgate_refusal_rate *rate = bpf_map_lookup_elem(&refusal_rates, &reason);
    const __u32 now = seconds_now();

    if (!rate)
        return false;
    if (rate->second != now) {
        rate->second = now;
        rate->told = 0;
    }
    if (__sync_fetch_and_add(&rate->told, 1) >= CTGATE_REFUSALS_PER_SECOND) {
        __sync_fetch_and_add(&rate->left_out, 1);
        return false;
    }
    *left_out = rate->left_out ? __sync_lock_test_and_set(&rate->left_out, 0) : 0;
    return true;
}

__noinline int tell_refused(const struct packet *pkt, __u32 reason)
{
    struct ctgate_event *event;
    __u32 left_out = 0;

    if (!pkt || !may_tell(reason, &left_out))
        return 0;
    event = new_event(CTGATE_EVENT_REFUSED, pkt->protocol);
    if (!event)
        return 0;
    set_end(&event->source, &pkt->source, pkt->source_port);
    set_end(&event->destination, &pkt->destination, pkt->destination_port);
    event->left_out = left_out;
    event->reason = reason;
    bpf_ringbuf_submit(event, 0);
    return 0;
}

/* Of an internal endpoint, or with a host's port block, of `ports` from `port` on. */
__noinline int tell_mapping(__u32 kind, const struct ctgate_mapping_key *internal,
                            const struct ctgate_port_space *external, __u16 port, __u32 ports)
{
    struct ctgate_event *event;

    if (!internal || !external)
        return 0;
    event = new_event(kind, external->protocol);
    if (!event)
        return 0;
    set_end(&event->source, &internal->address, internal->port);
    set_end(&event->new_source, &external->address, port);
    event->ports = ports;
    bpf_ringbuf_submit(event, 0);
    return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many sessions an internal host has, when that is limited (RFC 6888 REQ-4). No program sees a
 * session end. So each host has as many numbered places as it may have sessions; a new session
 * takes one, and a place whose session conntrack no longer has is free again.
 *
 * They are looked through in turn, some for each new session and each once a second at most: so a
 * host that goes on asking at its limit costs little.
 */
#ifndef CTGATE_PLACES_H
#define CTGATE_PLACES_H

#include "entry.h"
#include "hosts.h"
#include "lookup.h"
#include "mapping.h"

/* Places looked at for one new session: so many that refusing one costs about what beginning one
 * does. */
#define PLACE_TRIES 8

/* Instead of a place's number: there is none to be had; there is none to be returned. */
#define PLACE_NONE 0xffffffffu
#define PLACE_KEPT 0xfffffffeu

/* The session of this place is there, or about to be. Global: verified once. */
__noinline bool is_occupied(struct __sk_buff *skb, const struct ctgate_tenant *tenant)
{
    struct bpf_ct_opts___local opts;
    struct endpoint source = {};
    struct endpoint destination = {};
    struct nf_conn *ct;
    __u32 open = 0;

    if (!tenant)
        return false;
    if (seconds_now() - tenant->since <= 1)
        return true;
    source.address = tenant->tuple.source;
    source.port = tenant->tuple.source_port;
    destination.address = tenant->tuple.destination;
    destination.port = tenant->tuple.destination_port;
    ct = find_entry(skb, tenant->tuple.protocol, &source, &destination, &opts);
    if (ct) {
        open = tenant->tuple.protocol != IPPROTO_TCP || !closed(ct);
        bpf_ct_release(ct);
        barrier_var(open); /* one branch: a second look at ct would confuse Linux 6.1 */
    }
    return open;
}

/* That tuple's place is this one. */
static __always_inline bool is_at(const struct ctgate_tuple *tuple,
                                  const struct ctgate_place *place)
{
    const struct ctgate_place *known = bpf_map_lookup_elem(&placed, tuple);

    return known && known->number == place->number && same_address(&known->host, &place->host);
}

/* The place is the caller's, unless another CPU was faster. */
static __always_inline bool vacate(const struct ctgate_place *place,
                                   const struct ctgate_tenant *tenant)
{
    const struct ctgate_tuple tuple = tenant->tuple;

    if (is_at(&tuple, place))
        bpf_map_delete_elem(&placed, &tuple);
    return bpf_map_delete_elem(&places, place) == 0;
}

/* The number of a place to be tried, or PLACE_NONE. */
static __always_inline __u32 next_place(struct ctgate_host *host, __u32 limit, __u32 now)
{
    if (host->places < limit)
        return __sync_fetch_and_add(&host->places, 1) % limit;
    if (host->looked_second != now) {
        host->looked_second = now;
        host->looked = 0;
    }
    if (__sync_fetch_and_add(&host->looked, 1) >= limit)
        return PLACE_NONE;
    return __sync_fetch_and_add(&host->next, 1) % limit;
}

static __always_inline void tuple_of(const struct packet *pkt, struct ctgate_tuple *tuple)
{
    tuple->source = pkt->source;
    tuple->destination = pkt->destination;
    tuple->source_port = pkt->source_port;
    tuple->destination_port = pkt->destination_port;
    tuple->protocol = pkt->protocol;
}

/* A place of this host for the session that begins with this packet; PLACE_NONE: it has as many as
 * it may. Global: verified once. */
__noinline __u32 take_place(struct __sk_buff *skb, const struct packet *pkt,
                            const struct ctgate_address *internal)
{
    const struct ctgate_settings *settings = configured();
    const __u32 now = seconds_now();
    struct ctgate_tenant tenant = {};
    struct ctgate_place place = {};
    struct ctgate_place *known;
    struct ctgate_host *host;
    __u32 limit;

    if (!pkt || !internal || !settings || !settings->max_sessions_per_host)
        return PLACE_KEPT;
    limit = settings->max_sessions_per_host;
    place.host = *internal;
    place.protocol = pkt->protocol;
    host = host_of(&place.host, pkt->protocol);
    if (!host)
        return PLACE_KEPT;
    tuple_of(pkt, &tenant.tuple);
    tenant.since = now;
    /* The same endpoints as in a session that has ended, or that another CPU is just beginning. */
    known = bpf_map_lookup_elem(&placed, &tenant.tuple);
    if (known && known->number < limit && same_address(&known->host, &place.host)) {
        place.number = known->number;
        bpf_map_update_elem(&places, &place, &tenant, BPF_ANY);
        return PLACE_KEPT;
    }
    for (__u32 i = 0; i < PLACE_TRIES; i++) {
        struct ctgate_tenant *before;
        int error;

        place.number = next_place(host, limit, now);
        if (place.number == PLACE_NONE)
            return PLACE_NONE;
        before = bpf_map_lookup_elem(&places, &place);
        if (before) {
            if (is_at(&before->tuple, &place) && is_occupied(skb, before))
                continue;
            if (!vacate(&place, before))
                continue;
        }
        error = bpf_map_update_elem(&places, &place, &tenant, BPF_NOEXIST);
        if (!error) {
            bpf_map_update_elem(&placed, &tenant.tuple, &place, BPF_ANY);
            return place.number;
        }
        if (error != -EEXIST)
            return PLACE_KEPT; /* no memory: not a reason to refuse */
    }
    return PLACE_NONE;
}

/* The session did not come about: its place is the one to be tried next, if all had been tried. */
__noinline int return_place(const struct packet *pkt, const struct ctgate_address *internal,
                            __u32 number)
{
    struct ctgate_place place = {.number = number};
    struct ctgate_tuple tuple = {};
    struct ctgate_host *host;

    if (!pkt || !internal || number >= PLACE_KEPT)
        return 0;
    place.host = *internal;
    place.protocol = pkt->protocol;
    tuple_of(pkt, &tuple);
    if (is_at(&tuple, &place))
        bpf_map_delete_elem(&placed, &tuple);
    bpf_map_delete_elem(&places, &place);
    host = host_of(&place.host, pkt->protocol);
    if (host) {
        host->next = number;
        host->looked = 0;
    }
    return 0;
}

#endif

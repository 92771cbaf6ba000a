/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 2, for established sessions: what the last packet of this session and direction was found
 * to need, less than a second ago. Then conntrack and the routing table are asked again, so that a
 * session that was deleted, or a route that changed, is obeyed with no daemon.
 */
#ifndef CTGATE_DATAPLANE_SESSION_CACHE_H
#define CTGATE_DATAPLANE_SESSION_CACHE_H

#include "behaviour.h"
#include "maps.h"
#include "packet.h"

static __always_inline __u32 cache_ticks(void)
{
    return CTGATE_CACHE_TICKS(bpf_ktime_get_coarse_ns());
}

static __always_inline void cache_key_of(const struct packet *pkt, __u32 ifindex,
                                         struct ctgate_cache_key *key)
{
    key->source = pkt->source.words[0];
    key->destination = pkt->destination.words[0];
    key->source_port = pkt->source_port;
    key->destination_port = pkt->destination_port;
    key->arrival = CTGATE_ARRIVAL(pkt->protocol, ifindex);
}

/* Packets that may change the session's state, or that the stack may have to answer, are its own
 * (docs/packet-path.md). */
static __always_inline bool may_take_short_path(const struct packet *pkt)
{
    return pkt->plain && pkt->ttl > 1 &&
           !(pkt->tcp_flags & (TCP_FLAG_SYN_BIT | TCP_FLAG_FIN_BIT | TCP_FLAG_RST_BIT));
}

static __always_inline bool is_fresh(const struct ctgate_cache_record *record,
                                     const struct ctgate_settings *settings)
{
    const __u32 now = cache_ticks();
    const __u32 age = now - record->checked;

    /* By ages, not by times: those wrap around. */
    return age < CTGATE_CACHE_TRUST && age < now - settings->cache_valid_from;
}

/* The session is about to change: both directions go to the stack until it has settled. */
static __always_inline void forget(const struct ctgate_cache_key *key,
                                   const struct ctgate_cache_record *record)
{
    struct ctgate_cache_key reply = {
        .source = record->destination,
        .destination = record->source,
        .source_port = record->destination_port,
        .destination_port = record->source_port,
        .arrival = CTGATE_ARRIVAL(key->arrival >> 24, record->output),
    };

    bpf_map_delete_elem(&session_cache, &reply);
    bpf_map_delete_elem(&session_cache, key);
}

/* The record of this packet, if it may be followed: `renewed`, because it was made for this packet;
 * else, because it is fresh. `longest`: bytes of the longest IP packet that it is on the wire. */
static __always_inline struct ctgate_cache_record *recall(const struct packet *pkt, __u32 ifindex,
                                                          __u32 longest, bool renewed)
{
    const struct ctgate_settings *settings = configured();
    struct ctgate_cache_record *record;
    struct ctgate_cache_key key;

    if (!settings || !settings->short_path)
        return NULL;
    cache_key_of(pkt, ifindex, &key);
    record = bpf_map_lookup_elem(&session_cache, &key);
    if (!record)
        return NULL;
    if (!may_take_short_path(pkt)) {
        if (pkt->tcp_flags & (TCP_FLAG_SYN_BIT | TCP_FLAG_FIN_BIT | TCP_FLAG_RST_BIT))
            forget(&key, record);
        return NULL;
    }
    return (renewed || is_fresh(record, settings)) && longest <= record->mtu ? record : NULL;
}

static __always_inline void note_use(struct ctgate_cache_record *record, __u32 bytes)
{
    __sync_fetch_and_add(&record->packets, 1);
    __sync_fetch_and_add(&record->bytes, bytes);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What would happen to a packet, without its happening: `ctgate explain` loads these very programs
 * with `explaining` set. What they write into maps goes into copies that end with it, so that only
 * conntrack is left to be spared here: what would be done to it is noted instead.
 *
 * Where packets flow, the verifier takes all of this for dead code and removes it.
 */
#ifndef CTGATE_DATAPLANE_EXPLAIN_H
#define CTGATE_DATAPLANE_EXPLAIN_H

#include "ctgate/explain.h"
#include "kernel.h"
#include "packet.h"

const volatile __u32 explaining = 0;

/* Not pinned. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct ctgate_explanation);
} explanation SEC(".maps");

static __always_inline struct ctgate_explanation *explained(void)
{
    const __u32 only = 0;

    return bpf_map_lookup_elem(&explanation, &only);
}

static __always_inline void tell(enum ctgate_stage stage, __u32 result)
{
    struct ctgate_explanation *told;

    if (!explaining)
        return;
    told = explained();
    if (!told)
        return;
    told->results[stage] = result;
    told->asked[stage]++;
}

static __always_inline void note_tuple(struct ctgate_tuple *tuple, const struct endpoint *from,
                                       const struct endpoint *to, __u8 protocol)
{
    tuple->source = from->address;
    tuple->source_port = from->port;
    tuple->destination = to->address;
    tuple->destination_port = to->port;
    tuple->protocol = protocol;
}

/* Instead of making this entry. `from` to `to`: the tuple of its replies. */
static __always_inline void note_created(const struct packet *pkt, const struct endpoint *from,
                                         const struct endpoint *to)
{
    struct ctgate_explanation *told = explained();
    struct endpoint source = {};
    struct endpoint destination = {};

    if (!told)
        return;
    source_of(pkt, &source);
    destination_of(pkt, &destination);
    note_tuple(&told->original, &source, &destination, pkt->protocol);
    note_tuple(&told->reply, from, to, pkt->protocol);
    told->created_count = 1;
}

/* Instead of ending this entry. False: conntrack would not end it. */
static __always_inline bool note_ended(const struct nf_conn *ct, __u8 protocol)
{
    struct ctgate_explanation *told = explained();
    struct ctgate_tuple *tuple;
    __u32 number;

    if (ct->status & IPS_FIXED_TIMEOUT || !told)
        return false;
    number = told->ended_count;
    if (number >= CTGATE_MAX_ENDED)
        return false;
    tuple = &told->ended[number];
    tuple->source.words[0] = ct->tuplehash[0].tuple.src.u3.all[0];
    tuple->source_port = ct->tuplehash[0].tuple.src.u.all;
    tuple->destination.words[0] = ct->tuplehash[0].tuple.dst.u3.all[0];
    tuple->destination_port = ct->tuplehash[0].tuple.dst.u.all;
    tuple->protocol = protocol;
    told->ended_count = number + 1;
    return true;
}

/* It is still there, but would not be any more. */
static __always_inline bool would_have_ended(const struct nf_conn *ct)
{
    const struct ctgate_explanation *told;

    if (!explaining)
        return false;
    told = explained();
    if (!told)
        return false;
    for (__u32 i = 0; i < CTGATE_MAX_ENDED && i < told->ended_count; i++) {
        const struct ctgate_tuple *ended = &told->ended[i];

        if (ended->source.words[0] == ct->tuplehash[0].tuple.src.u3.all[0] &&
            ended->destination.words[0] == ct->tuplehash[0].tuple.dst.u3.all[0] &&
            ended->source_port == ct->tuplehash[0].tuple.src.u.all &&
            ended->destination_port == ct->tuplehash[0].tuple.dst.u.all)
            return true;
    }
    return false;
}

#endif

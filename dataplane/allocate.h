/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 4: an external endpoint for a new session, and the conntrack entry that carries it.
 *
 * Candidates, in this order: the endpoint of the entry this one replaces; the internal port, if it
 * lies in the ranges; CTGATE_MAX_PORT_TRIES others. These are drawn at random one by one (RFC 6056
 * section 3.3.2): kept ports lie side by side, and a search from a random start on can run into a
 * long row of them. But where the ranges have no more ports than that, it is such a search
 * (section 3.3.1), which finds the last free one. The port's class (RFC 4787 REQ-3a) is a matter of
 * the ranges, see CTGATE_PORT_LOW. A candidate is free when the future reply tuple (remote ->
 * external) has no entry; that look-up also collects an expired entry which would make the insert
 * fail.
 */
#ifndef CTGATE_ALLOCATE_H
#define CTGATE_ALLOCATE_H

#include "ctgate/pairing.h"
#include "ctgate/port_ranges.h"
#include "entry.h"
#include "maps.h"
#include "packet.h"
#include "stats.h"

enum allocate_result {
    ALLOCATE_CREATED = 0x40,
    ALLOCATE_FOUND, /* another CPU made the entry of this very session meanwhile */
    ALLOCATE_TAKEN, /* internal to this stage: try another port */
    ALLOCATE_NO_ADDRESS,
    ALLOCATE_EXHAUSTED,
    ALLOCATE_TABLE_FULL,
    ALLOCATE_NAT_REFUSED,
};

/*
 * Three global subprograms: the verifier looks at each once, whatever the callers know. Static or
 * inlined, they took half of its million instructions. It takes each pointer for possibly NULL.
 */

__noinline __u32 port_index(const struct ctgate_external_address *external, __u16 port)
{
    return external ? ctgate_port_index(external, port) : 0;
}

__noinline __u16 port_at(const struct ctgate_external_address *external, __u32 index)
{
    return external ? ctgate_port_at(external, index) : 0;
}

/* One candidate: probe, allocate, translate, insert. */
__noinline enum allocate_result try_endpoint(struct __sk_buff *skb, const struct packet *pkt,
                                             const struct endpoint *external)
{
    struct bpf_ct_opts___local opts = {.netns_id = BPF_F_CURRENT_NETNS};
    struct endpoint internal = {};
    struct endpoint remote = {};
    struct bpf_sock_tuple tuple = {};
    union ct_inet_addr address = {};
    struct nf_conn___init *fresh;
    struct nf_conn *ct;
    int error;

    if (!pkt || !external)
        return ALLOCATE_NAT_REFUSED;
    source_of(pkt, &internal);
    destination_of(pkt, &remote);
    if (has_entry(skb, pkt->protocol, &remote, external)) {
        count(CTGATE_COUNT_PORT_CLASH);
        return ALLOCATE_TAKEN;
    }

    fill_tuple(&tuple, &internal, &remote);
    opts.l4proto = pkt->protocol;
    fresh = bpf_skb_ct_alloc(skb, &tuple, sizeof(tuple.ipv4), &opts, sizeof(opts));
    if (!fresh)
        return ALLOCATE_TABLE_FULL;

    address.ip = external->address.words[0];
    error = bpf_ct_set_nat_info(fresh, &address, bpf_ntohs(external->port), NF_NAT_MANIP_SRC);
    /* The only way to give an allocated entry back is to insert it: then as one that has expired
     * already, so that no packet is ever sent by it untranslated. */
    bpf_ct_set_timeout(fresh, error ? 0 : CTGATE_INITIAL_TIMEOUT_MS);
    ct = bpf_ct_insert_entry(fresh);
    if (ct) {
        bpf_ct_release(ct);
        return error ? ALLOCATE_NAT_REFUSED : ALLOCATE_CREATED;
    }
    if (error)
        return ALLOCATE_NAT_REFUSED;
    count(CTGATE_COUNT_INSERT_CLASH);
    return has_entry(skb, pkt->protocol, &internal, &remote) ? ALLOCATE_FOUND : ALLOCATE_TAKEN;
}

/* The address of this internal host: always the same one (RFC 4787 REQ-2). NULL: there is none. */
static __always_inline const struct ctgate_external_address *
paired_address(const struct ctgate_pool *pool, const struct ctgate_address *internal)
{
    __u32 index = ctgate_pair(internal->bytes, pool->address_count);

    barrier_var(index); /* the verifier must see the check on the very register that is used */
    if (index >= CTGATE_MAX_EXTERNAL_ADDRESSES || index >= pool->address_count)
        return 0;
    return &pool->addresses[index];
}

static __always_inline bool in_ranges(const struct ctgate_external_address *external, __be16 port)
{
    return port_index(external, bpf_ntohs(port)) < external->port_count;
}

static __always_inline enum allocate_result
try_random(struct __sk_buff *skb, const struct packet *pkt,
           const struct ctgate_external_address *external, struct endpoint *candidate)
{
    const __u32 ports = external->port_count;
    const bool draw = ports > CTGATE_MAX_PORT_TRIES;
    __u32 index = bpf_get_prandom_u32() % ports;

    for (__u32 i = 0; i < CTGATE_MAX_PORT_TRIES && i < ports; i++) {
        enum allocate_result result;

        index = (draw ? bpf_get_prandom_u32() : index + 1) % ports;
        candidate->port = bpf_htons(port_at(external, index));
        /* The internal port was tried. Port 0 would let the kernel choose outside the ranges. */
        if (!candidate->port || candidate->port == pkt->source_port)
            continue;
        result = try_endpoint(skb, pkt, candidate);
        if (result != ALLOCATE_TAKEN)
            return result;
    }
    return ALLOCATE_EXHAUSTED;
}

/* Did another CPU make the entry of this very session meanwhile? */
static __always_inline bool made_meanwhile(struct __sk_buff *skb, const struct packet *pkt)
{
    struct endpoint internal = {};
    struct endpoint remote = {};

    source_of(pkt, &internal);
    destination_of(pkt, &remote);
    return has_entry(skb, pkt->protocol, &internal, &remote);
}

/* `previous`: preferred when it is still one of this host's; port 0: there is none. */
static __always_inline enum allocate_result allocate(struct __sk_buff *skb,
                                                     const struct packet *pkt,
                                                     const struct ctgate_pool *pool,
                                                     const struct endpoint *previous)
{
    const struct ctgate_external_address *external = paired_address(pool, &pkt->source);
    struct endpoint candidate = {};
    enum allocate_result result;

    if (!external || external->port_count == 0)
        return ALLOCATE_NO_ADDRESS;
    candidate.address = external->address;

    if (previous->port && previous->address.words[0] == external->address.words[0] &&
        in_ranges(external, previous->port)) {
        candidate.port = previous->port;
        result = try_endpoint(skb, pkt, &candidate);
        if (result != ALLOCATE_TAKEN)
            return result;
    }

    if (in_ranges(external, pkt->source_port)) {
        candidate.port = pkt->source_port;
        result = try_endpoint(skb, pkt, &candidate);
        if (result == ALLOCATE_CREATED)
            count(CTGATE_COUNT_PORT_PRESERVED);
        if (result != ALLOCATE_TAKEN)
            return result;
    }

    result = try_random(skb, pkt, external, &candidate);
    return result == ALLOCATE_EXHAUSTED && made_meanwhile(skb, pkt) ? ALLOCATE_FOUND : result;
}

#endif

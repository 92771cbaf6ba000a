/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 5: the conntrack entry of a new session, with its NAT info. The new tuple is free when the
 * future reply tuple has no entry; a look-up of that also collects an expired entry which makes the
 * insert fail.
 */
#ifndef CTGATE_CREATE_H
#define CTGATE_CREATE_H

#include "entry.h"
#include "local.h"
#include "maps.h"
#include "packet.h"
#include "stats.h"

enum create_result {
    CREATE_DONE = 0x60,
    CREATE_FOUND, /* another CPU made the entry of this very session meanwhile */
    CREATE_TAKEN, /* another session has the translated tuple */
    CREATE_STRAY, /* the same, but it may be ended: end_stray() */
    CREATE_TABLE_FULL,
    CREATE_NAT_REFUSED,
};

static __always_inline int set_nat(struct nf_conn___init *ct, const struct endpoint *to,
                                   enum nf_nat_manip_type manip)
{
    union ct_inet_addr address = {.ip = to->address.words[0]};

    return to->port ? bpf_ct_set_nat_info(ct, &address, bpf_ntohs(to->port), manip) : 0;
}

enum holder {
    HOLDER_NONE,
    HOLDER_STRAY, /* began untranslated at the other end, so the stack took it for the router's own
                   */
    HOLDER_OTHER,
};

/* Who has the tuple of future replies. Collects an expired entry. */
static __always_inline enum holder holder_of(struct __sk_buff *skb, __u8 protocol,
                                             const struct endpoint *from, const struct endpoint *to)
{
    struct bpf_ct_opts___local opts;
    struct nf_conn *ct = find_entry(skb, protocol, from, to, &opts);
    enum holder result = HOLDER_OTHER;

    if (!ct)
        return HOLDER_NONE;
    if (opts.dir == IP_CT_DIR_ORIGINAL && !(ct->status & (IPS_SRC_NAT | IPS_DST_NAT)))
        result = HOLDER_STRAY;
    if (would_have_ended(ct))
        result = HOLDER_NONE;
    bpf_ct_release(ct);
    return result;
}

static __always_inline enum create_result taken_by(struct __sk_buff *skb, __u8 protocol,
                                                   const struct endpoint *source,
                                                   const struct endpoint *destination)
{
    if (has_entry(skb, protocol, source, destination))
        return CREATE_FOUND;
    count(CTGATE_COUNT_PORT_CLASH);
    return CREATE_TAKEN;
}

/* CREATE_TAKEN: this tuple or that of the replies has an entry, perhaps an expired one. Global: the
 * verifier looks at it once, whatever the callers know, and takes each pointer for possibly NULL.
 */
__noinline enum create_result insert_entry(struct __sk_buff *skb, const struct packet *pkt,
                                           const struct translation *to)
{
    struct bpf_ct_opts___local opts = {.netns_id = BPF_F_CURRENT_NETNS};
    struct endpoint source = {};
    struct endpoint destination = {};
    struct ipv4_tuple tuple = {};
    struct nf_conn___init *fresh;
    struct nf_conn *ct;
    int error;

    if (!pkt || !to)
        return CREATE_NAT_REFUSED;
    source_of(pkt, &source);
    destination_of(pkt, &destination);
    fill_tuple(&tuple, &source, &destination);
    opts.l4proto = pkt->protocol;
    fresh =
        bpf_skb_ct_alloc(skb, (struct bpf_sock_tuple *)&tuple, sizeof(tuple), &opts, sizeof(opts));
    if (!fresh)
        return CREATE_TABLE_FULL;

    error = set_nat(fresh, &to->destination, NF_NAT_MANIP_DST);
    if (!error)
        error = set_nat(fresh, &to->source, NF_NAT_MANIP_SRC);
    /* The only way to give an allocated entry back is to insert it: then as one that has expired
     * already, so that no packet is ever sent by it untranslated. */
    bpf_ct_set_timeout(fresh, error ? 0 : CTGATE_INITIAL_TIMEOUT_MS);
    ct = bpf_ct_insert_entry(fresh);
    if (ct) {
        bpf_ct_release(ct);
        return error ? CREATE_NAT_REFUSED : CREATE_DONE;
    }
    return error ? CREATE_NAT_REFUSED : CREATE_TAKEN;
}

/* `probe`: the tuple of the replies may well have an entry. Otherwise nobody looks before the
 * insert has failed, since an entry that is given back costs more than a look-up, and a look-up in
 * vain more than none. Global, like insert_entry. */
__noinline enum create_result create_entry(struct __sk_buff *skb, const struct packet *pkt,
                                           const struct translation *to, bool probe)
{
    enum create_result created = CREATE_TAKEN;
    struct endpoint reply_destination = {};
    struct endpoint reply_source = {};
    struct endpoint destination = {};
    struct endpoint source = {};
    enum holder holder;

    if (!pkt || !to)
        return CREATE_NAT_REFUSED;
    if (!probe && !explaining)
        created = insert_entry(skb, pkt, to);
    if (created != CREATE_TAKEN)
        return created;
    source_of(pkt, &source);
    destination_of(pkt, &destination);
    reply_source = destination;
    if (to->destination.port)
        reply_source = to->destination;
    reply_destination = source;
    if (to->source.port)
        reply_destination = to->source;
    holder = holder_of(skb, pkt->protocol, &reply_source, &reply_destination);
    if (holder == HOLDER_STRAY && to->source.port)
        return CREATE_STRAY;
    if (holder != HOLDER_NONE)
        return taken_by(skb, pkt->protocol, &source, &destination);
    if (explaining) {
        note_created(pkt, &reply_source, &reply_destination);
        return CREATE_DONE;
    }
    created = insert_entry(skb, pkt, to);
    if (created != CREATE_TAKEN)
        return created;
    count(CTGATE_COUNT_INSERT_CLASH);
    return taken_by(skb, pkt->protocol, &source, &destination);
}

/* A remote endpoint has sent to the external one before any internal one had it. That must not keep
 * the two apart for as long as it goes on, so such a session ends, unless a socket of the router
 * wants it. False: it stays. Global, like create_entry. */
__noinline bool end_stray(struct __sk_buff *skb, const struct packet *pkt,
                          const struct translation *to)
{
    struct endpoint external = {};
    struct endpoint remote = {};

    if (!pkt || !to)
        return false;
    external = to->source;
    destination_of(pkt, &remote);
    if (to->destination.port)
        remote = to->destination;
    return !is_local(skb, pkt->protocol, &remote, &external) &&
           end_entry(skb, pkt->protocol, &remote, &external);
}

#endif

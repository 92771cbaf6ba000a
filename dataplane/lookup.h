/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 2: the conntrack entry of a packet, if there is one, and what it is worth.
 *
 * An entry that BPF made exists before the firewall has seen its first packet, so the entry alone
 * proves nothing: without the accepted bit it counts as if it were not there (docs/packet-path.md).
 */
#ifndef CTGATE_LOOKUP_H
#define CTGATE_LOOKUP_H

#include "entry.h"
#include "maps.h"
#include "packet.h"

enum lookup_result {
    LOOKUP_MISS = 0x20,
    LOOKUP_HIT,
    LOOKUP_CLOSED,             /* a SYN from inside on a closed session */
    LOOKUP_UNACCEPTED_REPLIED, /* from inside: has seen a reply, but was never accepted */
    LOOKUP_UNTRANSLATED, /* from inside: begun without NAT, before us or while our table was gone */
    LOOKUP_UNACCEPTED_REPLY, /* from outside: reply to a session that was never accepted */
    LOOKUP_FORGED_ORIGINAL,  /* from outside, but it claims to come from inside */
    LOOKUP_FAILED,
};

/* The kernel's tracker deletes an entry in TIME_WAIT or CLOSE on a SYN and makes its own, without
 * our NAT info; in LAST_ACK it ignores the SYN, and the client waits for the timeout. */
static __always_inline bool closed(const struct nf_conn *ct)
{
    __u8 state = ct->proto.tcp.state;

    return state == TCP_CONNTRACK_LAST_ACK || state == TCP_CONNTRACK_TIME_WAIT ||
           state == TCP_CONNTRACK_CLOSE;
}

static __always_inline enum lookup_result judge_from_inside(const struct packet *pkt,
                                                            const struct nf_conn *ct,
                                                            __u8 direction)
{
    if (direction == IP_CT_DIR_REPLY)
        return LOOKUP_HIT;
    if (!(ct->status & (IPS_SRC_NAT | IPS_DST_NAT)))
        return LOOKUP_UNTRANSLATED;
    if (!source_translated(ct))
        return LOOKUP_HIT;
    if (!(ct->mark & accepted_mark) && (ct->status & IPS_SEEN_REPLY))
        return LOOKUP_UNACCEPTED_REPLIED;
    return opens_tcp(pkt) && closed(ct) ? LOOKUP_CLOSED : LOOKUP_HIT;
}

/* The external endpoint is one that we give out. */
static __always_inline bool of_our_pools(const struct nf_conn *ct)
{
    struct ctgate_address external = {.words = {ct->tuplehash[1].tuple.dst.u3.all[0]}};
    const __u32 *role = bpf_map_lookup_elem(&addresses, &external);

    return role && *role == CTGATE_ADDRESS_EXTERNAL;
}

/* A session that is translated at both ends may begin outside: a port forward of the host's own
 * rules that also hides the remote endpoint. */
static __always_inline enum lookup_result judge_from_outside(const struct nf_conn *ct,
                                                             __u8 direction)
{
    if (!source_translated(ct))
        return LOOKUP_HIT;
    if (direction == IP_CT_DIR_REPLY)
        return ct->mark & accepted_mark ? LOOKUP_HIT : LOOKUP_UNACCEPTED_REPLY;
    if (ct->status & IPS_DST_NAT || !of_our_pools(ct))
        return LOOKUP_HIT;
    return LOOKUP_FORGED_ORIGINAL;
}

/* `from_inside`: the packet came in on an internal interface.
 * `previous`: for LOOKUP_CLOSED and LOOKUP_UNACCEPTED_REPLIED the external endpoint of the session,
 * which is to end, so that the new one can keep it. */
static __always_inline enum lookup_result lookup(struct __sk_buff *skb, const struct packet *pkt,
                                                 bool from_inside, struct endpoint *previous)
{
    struct endpoint from = {};
    struct endpoint to = {};
    struct bpf_ct_opts___local opts;
    enum lookup_result result;
    struct nf_conn *ct;

    source_of(pkt, &from);
    destination_of(pkt, &to);
    ct = find_entry(skb, pkt->protocol, &from, &to, &opts);
    if (!ct)
        return opts.error == -ENOENT ? LOOKUP_MISS : LOOKUP_FAILED;

    result = from_inside ? judge_from_inside(pkt, ct, opts.dir) : judge_from_outside(ct, opts.dir);
    if (result == LOOKUP_CLOSED || result == LOOKUP_UNACCEPTED_REPLIED) {
        previous->address.words[0] = ct->tuplehash[1].tuple.dst.u3.all[0];
        previous->port = ct->tuplehash[1].tuple.dst.u.all;
    }
    bpf_ct_release(ct);
    return result;
}

#endif

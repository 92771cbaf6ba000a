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
#include "offload.h"
#include "packet.h"
#include "route.h"
#include "timeout.h"

enum lookup_result {
    LOOKUP_MISS = 0x20,
    LOOKUP_HIT,
    LOOKUP_OFFLOADABLE,        /* a hit that may go by the short path */
    LOOKUP_CLOSED,             /* a SYN, from where the session began, on a closed one */
    LOOKUP_UNACCEPTED_REPLIED, /* from where it began: has seen a reply, but was never accepted */
    LOOKUP_UNTRANSLATED, /* begun without NAT: from inside, before us or while our table was gone;
                            from outside, to an external address, as if to the router itself */
    LOOKUP_UNACCEPTED_REPLY, /* reply to a session that was never accepted */
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

/* The address is one that we give out. */
static __always_inline bool is_external(__u32 address)
{
    struct ctgate_address key = {.words = {address}};
    const struct ctgate_address_use *use = bpf_map_lookup_elem(&addresses, &key);

    return use && use->role >= CTGATE_ADDRESS_EXTERNAL;
}

/* Begun towards one of our external endpoints, with an internal one behind it. */
static __always_inline bool enters_by_us(const struct nf_conn *ct)
{
    return ct->status & IPS_DST_NAT && is_external(ct->tuplehash[0].tuple.dst.u3.all[0]);
}

/* A packet from where a session of ours began. */
static __always_inline enum lookup_result judge_original(const struct packet *pkt,
                                                         const struct nf_conn *ct)
{
    if (!is_accepted(ct) && ct->status & IPS_SEEN_REPLY)
        return LOOKUP_UNACCEPTED_REPLIED;
    return opens_tcp(pkt) && closed(ct) ? LOOKUP_CLOSED : LOOKUP_HIT;
}

static __always_inline enum lookup_result judge_from_inside(const struct packet *pkt,
                                                            const struct nf_conn *ct,
                                                            __u8 direction)
{
    if (direction == IP_CT_DIR_REPLY)
        return enters_by_us(ct) && !is_accepted(ct) ? LOOKUP_UNACCEPTED_REPLY : LOOKUP_HIT;
    if (!(ct->status & (IPS_SRC_NAT | IPS_DST_NAT)))
        return LOOKUP_UNTRANSLATED;
    return source_translated(ct) ? judge_original(pkt, ct) : LOOKUP_HIT;
}

/* A session that is translated at both ends may begin outside: a port forward of the host's own
 * rules that also hides the remote endpoint. */
static __always_inline enum lookup_result judge_from_outside(struct __sk_buff *skb,
                                                             const struct packet *pkt,
                                                             const struct nf_conn *ct,
                                                             __u8 direction)
{
    if (!source_translated(ct)) {
        if (direction == IP_CT_DIR_REPLY || !is_external(ct->tuplehash[0].tuple.dst.u3.all[0]))
            return LOOKUP_HIT;
        return ct->status & IPS_DST_NAT ? judge_original(pkt, ct) : LOOKUP_UNTRANSLATED;
    }
    if (direction == IP_CT_DIR_REPLY)
        return is_accepted(ct) ? LOOKUP_HIT : LOOKUP_UNACCEPTED_REPLY;
    if (!is_external(ct->tuplehash[1].tuple.dst.u3.all[0]))
        return LOOKUP_HIT;
    /* Hairpinned, or the host's own rules send somebody outside back there. */
    if (ct->status & IPS_DST_NAT && !is_from_inside(skb, pkt))
        return LOOKUP_HIT;
    return LOOKUP_FORGED_ORIGINAL;
}

/* The external endpoint that stands for the internal one which sent this packet, or is to have it:
 * in an original packet from inside, and in a reply to one, that of the source. */
static __always_inline void external_of(const struct packet *pkt, const struct nf_conn *ct,
                                        bool from_inside, __u8 direction, struct endpoint *external)
{
    __be16 port = pkt->destination_port;

    /* Linux 6.1: one instruction may not load a port from packet and from entry. */
    barrier_var(port);
    if (!from_inside) {
        if (source_translated(ct) || ct->status & IPS_DST_NAT) {
            external->address = pkt->destination;
            external->port = port;
        }
    } else if (direction == IP_CT_DIR_ORIGINAL && source_translated(ct)) {
        external->address.words[0] = ct->tuplehash[1].tuple.dst.u3.all[0];
        external->port = ct->tuplehash[1].tuple.dst.u.all;
    } else if (direction == IP_CT_DIR_REPLY && ct->status & IPS_DST_NAT) {
        external->address.words[0] = ct->tuplehash[0].tuple.dst.u3.all[0];
        external->port = ct->tuplehash[0].tuple.dst.u.all;
    }
}

/* A reply from inside, of a session from inside: the stack knows whether it may come that way
 * (rp_filter). */
static __always_inline bool comes_astray(const struct nf_conn *ct, bool from_inside, __u8 direction)
{
    return from_inside && direction == IP_CT_DIR_REPLY && !(ct->status & IPS_DST_NAT);
}

/* `from_inside`: the packet came in on an internal interface. `session`: zero before. Global: its
 * stack is its own, and the verifier takes each pointer for possibly NULL. */
__noinline enum lookup_result lookup(struct __sk_buff *skb, const struct packet *pkt,
                                     bool from_inside, struct session *session)
{
    struct endpoint from = {};
    struct endpoint to = {};
    struct bpf_ct_opts___local opts;
    enum lookup_result result;
    struct nf_conn *ct;

    if (!pkt || !session)
        return LOOKUP_FAILED;
    session->from_inside = from_inside;
    source_of(pkt, &from);
    destination_of(pkt, &to);
    ct = find_entry(skb, pkt->protocol, &from, &to, &opts);
    if (!ct) {
        result = opts.error == -ENOENT ? LOOKUP_MISS : LOOKUP_FAILED;
        tell(CTGATE_STAGE_LOOKUP, result);
        return result;
    }

    result = from_inside ? judge_from_inside(pkt, ct, opts.dir)
                         : judge_from_outside(skb, pkt, ct, opts.dir);
    external_of(pkt, ct, from_inside, opts.dir, &session->external);
    session->tcp_state = ct->proto.tcp.state;
    if (result == LOOKUP_HIT && is_offloadable(ct, pkt->protocol) &&
        !comes_astray(ct, from_inside, opts.dir)) {
        result = LOOKUP_OFFLOADABLE;
        offload(pkt, ct, opts.dir, session);
    }
    bpf_ct_release(ct);
    tell(CTGATE_STAGE_LOOKUP, result);
    return result;
}

#endif

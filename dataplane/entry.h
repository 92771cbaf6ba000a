/* SPDX-License-Identifier: GPL-2.0-only */
/* Conntrack entries by their tuple, in the terms of the stages. */
#ifndef CTGATE_ENTRY_H
#define CTGATE_ENTRY_H

#include "explain.h"
#include "kernel.h"
#include "packet.h"

#define ENOENT 2
#define EEXIST 17

/* Of struct bpf_sock_tuple the IPv4 form alone, a third of it: the stack is short. */
struct ipv4_tuple {
    __be32 saddr;
    __be32 daddr;
    __be16 sport;
    __be16 dport;
};

static __always_inline void fill_tuple(struct ipv4_tuple *tuple, const struct endpoint *from,
                                       const struct endpoint *to)
{
    tuple->saddr = from->address.words[0];
    tuple->daddr = to->address.words[0];
    tuple->sport = from->port;
    tuple->dport = to->port;
}

/* The entry of (from -> to), to be released, or NULL with opts->error. Also collects entries of
 * that hash bucket which have expired: those would still block an insert. */
static __always_inline struct nf_conn *find_entry(struct __sk_buff *skb, __u8 protocol,
                                                  const struct endpoint *from,
                                                  const struct endpoint *to,
                                                  struct bpf_ct_opts___local *opts)
{
    struct ipv4_tuple tuple = {};

    fill_tuple(&tuple, from, to);
    *opts = (struct bpf_ct_opts___local){.netns_id = BPF_F_CURRENT_NETNS, .l4proto = protocol};
    return bpf_skb_ct_lookup(skb, (struct bpf_sock_tuple *)&tuple, sizeof(tuple), opts,
                             sizeof(*opts));
}

static __always_inline bool has_entry(struct __sk_buff *skb, __u8 protocol,
                                      const struct endpoint *from, const struct endpoint *to)
{
    struct bpf_ct_opts___local opts;
    struct nf_conn *ct = find_entry(skb, protocol, from, to, &opts);

    __u32 found = 0;

    if (ct) {
        bpf_ct_release(ct);
        found = 1;
        barrier_var(found); /* one branch: a second look at ct would confuse Linux 6.1 */
    }
    return found;
}

/* Ends the entry of (from -> to), and collects it: as long as an expired entry lies about, it
 * blocks an insert. True when there is none any more: conntrack does not end one with a fixed
 * timeout. */
static __always_inline bool end_entry(struct __sk_buff *skb, __u8 protocol,
                                      const struct endpoint *from, const struct endpoint *to)
{
    struct bpf_ct_opts___local opts;
    struct nf_conn *ct = find_entry(skb, protocol, from, to, &opts);

    if (!ct)
        return opts.error == -ENOENT;
    if (explaining) {
        const bool ended = note_ended(ct, protocol);

        bpf_ct_release(ct);
        return ended;
    }
    bpf_ct_change_timeout(ct, 0);
    bpf_ct_release(ct);
    return !has_entry(skb, protocol, from, to);
}

/* The same for the session that this packet would be the next of. Global: its stack is its own, and
 * the verifier takes the pointer for possibly NULL. */
__noinline bool end_session(struct __sk_buff *skb, const struct packet *pkt)
{
    struct endpoint from = {};
    struct endpoint to = {};

    if (!pkt)
        return false;
    source_of(pkt, &from);
    destination_of(pkt, &to);
    return end_entry(skb, pkt->protocol, &from, &to);
}

/* Source NAT is in force: the reply goes elsewhere than where the original came from. False for
 * the router's own sessions and for those that are merely routed. */
static __always_inline bool source_translated(const struct nf_conn *ct)
{
    return ct->tuplehash[0].tuple.src.u3.all[0] != ct->tuplehash[1].tuple.dst.u3.all[0];
}

#endif

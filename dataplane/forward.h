/* SPDX-License-Identifier: GPL-2.0-only */
/* Last stage: the only place where the vocabulary of TC appears. */
#ifndef CTGATE_FORWARD_H
#define CTGATE_FORWARD_H

#include <linux/pkt_cls.h>

#include "events.h"
#include "hosts.h"
#include "packet.h"
#include "stats.h"

/* On to the next program or filter on this hook, and then the stack: TC_ACT_OK would end the hook
 * and so skip other people's filters. */
static __always_inline int to_stack(enum ctgate_counter why)
{
    count(why);
    return TC_ACT_UNSPEC;
}

/* The same for what is no more than looked at. */
static __always_inline int pass(void)
{
    return TC_ACT_UNSPEC;
}

static __always_inline bool is_for_stack(int verdict)
{
    return verdict == TC_ACT_UNSPEC;
}

static __always_inline int drop(enum ctgate_counter reason)
{
    count(reason);
    return TC_ACT_SHOT;
}

/* The same for a packet whose endpoints are known, which whoever listens is told. */
static __always_inline int drop_told(const struct packet *pkt, enum ctgate_counter reason)
{
    if (is_listening())
        tell_refused(pkt, reason);
    return drop(reason);
}

/* By TOS, as ip_forward() sets it for queueing disciplines (ip_tos2prio, net/ipv4/route.c). */
static __always_inline __u32 priority_of(__u8 tos)
{
    const __u32 of_two_bits = 0x4620; /* TC_PRIO_BESTEFFORT, BULK, INTERACTIVE, INTERACTIVE_BULK */

    return of_two_bits >> ((tos >> 3 & 3) * 4) & 0xf;
}

/* Past the stack, to another interface. With `next_hop` the kernel writes the Ethernet header: a
 * neighbour that is used asks now and then whether it is still there. */
static __always_inline int redirect(struct __sk_buff *skb, __u8 tos, __u32 ifindex, __be32 next_hop)
{
    struct bpf_redir_neigh neighbour = {.nh_family = AF_INET, .ipv4_nh = next_hop};

    count(CTGATE_COUNT_SHORT_PATH);
    skb->priority = priority_of(tos);
    skb->cb[0] = short_path_seal[0];
    skb->cb[1] = short_path_seal[1];
    if (next_hop)
        return bpf_redirect_neigh(ifindex, &neighbour, sizeof(neighbour), 0);
    return bpf_redirect(ifindex, 0);
}

/* A new session from inside that cannot be had. Whom it can be told: now and then its packet goes
 * up with the accepted mark on itself: our nft table answers by ICMP (RFC 5508 REQ-8), and drops
 * it. */
static __always_inline int refuse(struct __sk_buff *skb, const struct packet *pkt, bool tell,
                                  enum ctgate_refusal why, enum ctgate_counter reason)
{
    count(reason);
    if (is_listening())
        tell_refused(pkt, reason);
    if (!note_refusal(&pkt->source, pkt->protocol, why) || !tell)
        return TC_ACT_SHOT;
    skb->mark |= accepted_mark;
    return TC_ACT_UNSPEC;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 1: is this an IPv4 TCP or UDP packet for us, or the first fragment of one, and what are its
 * tuple and flags? What is merely not ours goes to the stack; what contradicts itself is dropped by
 * name (the table is in docs/packet-path.md).
 */
#ifndef CTGATE_PARSE_H
#define CTGATE_PARSE_H

#include <linux/if_packet.h>

#include "kernel.h"
#include "packet.h"
#include "parse_ipv4.h"

/* As much as the headers can have: IPv4 and TCP with all options. */
#define MAX_HEADERS (ETH_HLEN + 60 + 60)

static __always_inline enum parse_result parse_linear(struct __sk_buff *skb, __u32 network,
                                                      struct packet *pkt)
{
    return parse_ipv4((void *)(long)skb->data, (void *)(long)skb->data_end, network, skb->len,
                      skb->gso_size != 0, pkt);
}

/* network: ETH_HLEN on a device with Ethernet header, 0 on a layer 3 device. */
static __always_inline enum parse_result parse(struct __sk_buff *skb, __u32 network,
                                               struct packet *pkt)
{
    enum parse_result result;

    if (skb->protocol != bpf_htons(ETH_P_IP) || is_of_vlan(skb))
        return PARSE_STACK;
    if (skb->pkt_type != PACKET_HOST)
        return PARSE_STACK;

    result = parse_linear(skb, network, pkt);
    if (result == PARSE_MORE) {
        if (bpf_skb_pull_data(skb, skb->len < MAX_HEADERS ? skb->len : MAX_HEADERS))
            return PARSE_STACK; /* out of memory: the stack drops it, if it must */
        result = parse_linear(skb, network, pkt);
    }
    if (result == PARSE_OK && skb->vlan_present)
        pkt->plain = false; /* the stack takes the tag away */
    return result == PARSE_MORE ? PARSE_STACK : result;
}

#endif

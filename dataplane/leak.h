/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Egress: the last look at what leaves an external interface. The nft table translates and guards;
 * but somebody may take that away (`nft flush ruleset`), and nothing internal may leave even then.
 */
#ifndef CTGATE_LEAK_H
#define CTGATE_LEAK_H

#include <linux/if_ether.h>
#include <linux/ip.h>

#include "maps.h"

enum leak_result {
    LEAK_NONE = 0x50,
    LEAK_INTERNAL_SOURCE,
};

static __always_inline bool came_from_inside(const struct __sk_buff *skb)
{
    __u32 ifindex = skb->ingress_ifindex; /* 0: sent by the router itself */

    return bpf_map_lookup_elem(&internal_interfaces, &ifindex);
}

static __always_inline enum leak_result find_leak(struct __sk_buff *skb)
{
    struct ctgate_address source = {};
    const __u32 *role;

    if (skb->protocol != bpf_htons(ETH_P_IP) ||
        bpf_skb_load_bytes_relative(skb, offsetof(struct iphdr, saddr), &source.words[0],
                                    sizeof(source.words[0]), BPF_HDR_START_NET))
        return LEAK_NONE;
    role = bpf_map_lookup_elem(&addresses, &source);
    if (role)
        return *role == CTGATE_ADDRESS_INTERNAL ? LEAK_INTERNAL_SOURCE : LEAK_NONE;
    return came_from_inside(skb) ? LEAK_INTERNAL_SOURCE : LEAK_NONE;
}

#endif

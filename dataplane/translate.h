/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes a packet of an established session as conntrack and the routing would have: endpoints,
 * checksums, TTL, Ethernet header. Whether its transport checksum is complete, partial (to be
 * finished by hardware) or known by hardware, is the kernel's helper's business: it alone knows.
 * The IP header's checksum is always whole, and a right one adds nothing to what hardware summed
 * up.
 */
#ifndef CTGATE_TRANSLATE_H
#define CTGATE_TRANSLATE_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "checksum.h"
#include "kernel.h"
#include "packet.h"
#include "session_cache.h"

enum translate_result {
    TRANSLATE_DONE = 0x90,
    TRANSLATE_FAILED, /* in TC: no memory; the packet may be half changed */
};

/* What the addresses add to a sum. */
static __always_inline __u32 address_difference(const struct packet *pkt,
                                                const struct ctgate_cache_record *record)
{
    const __u32 sum = sum_replace(0, pkt->source.words[0], record->source);

    return sum_replace(sum, pkt->destination.words[0], record->destination);
}

static __always_inline bool translate_checksum(struct __sk_buff *skb, __u32 transport,
                                               const struct packet *pkt,
                                               const struct ctgate_cache_record *record,
                                               __u32 difference)
{
    const __u64 zero = pkt->protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
    const __u32 offset = transport + pkt->checksum;

    if (!pkt->checksum)
        return true;
    if (bpf_l4_csum_replace(skb, offset, 0, difference, BPF_F_PSEUDO_HDR | zero))
        return false;
    if (pkt->source_port != record->source_port &&
        bpf_l4_csum_replace(skb, offset, pkt->source_port, record->source_port,
                            sizeof(__be16) | zero))
        return false;
    return pkt->destination_port == record->destination_port ||
           !bpf_l4_csum_replace(skb, offset, pkt->destination_port, record->destination_port,
                                sizeof(__be16) | zero);
}

/* All but the transport checksum. `data` to `end`: the linear part, `network` bytes of which
 * precede the IP header, which has no options. False: that is too short. */
static __always_inline bool rewrite(void *data, const void *end, __u32 network,
                                    const struct packet *pkt,
                                    const struct ctgate_cache_record *record, __u32 difference)
{
    struct iphdr *ip = data + network;
    __be16 *ports = (void *)(ip + 1);
    struct ethhdr *eth = data;

    if ((const void *)(ports + 2) > end)
        return false;
    ip->check = checksum_replace(ip->check, bpf_htons(1 << 8), 0, difference); /* the TTL */
    ip->ttl--;
    ip->saddr = record->source;
    ip->daddr = record->destination;
    ports[0] = record->source_port;
    ports[1] = record->destination_port;
    if (!(record->flags & CTGATE_CACHE_LAYER3)) {
        __builtin_memcpy(eth->h_dest, record->next_hop, ETH_ALEN);
        __builtin_memcpy(eth->h_source, record->output_address, ETH_ALEN);
        eth->h_proto = bpf_htons(ETH_P_IP);
    }
    return true;
}

static __always_inline enum translate_result translate(struct __sk_buff *skb,
                                                       const struct packet *pkt,
                                                       const struct ctgate_cache_record *record)
{
    __u32 network = pkt->network ? ETH_HLEN : 0; /* as a value that the verifier knows */
    const __u32 transport = network + sizeof(struct iphdr);
    const __u32 difference = address_difference(pkt, record);

    if (!translate_checksum(skb, transport, pkt, record, difference))
        return TRANSLATE_FAILED;
    if (network == 0 && !(record->flags & CTGATE_CACHE_LAYER3)) {
        if (bpf_skb_change_head(skb, ETH_HLEN, 0))
            return TRANSLATE_FAILED;
        network = ETH_HLEN;
    }
    return rewrite((void *)(long)skb->data, (void *)(long)skb->data_end, network, pkt, record,
                   difference)
               ? TRANSLATE_DONE
               : TRANSLATE_FAILED;
}

/* The same in XDP, where checksums are complete, or absent (UDP). */
static __always_inline enum translate_result translate_frame(
    struct xdp_md *ctx, const struct packet *pkt, const struct ctgate_cache_record *record)
{
    void *data = (void *)(long)ctx->data;
    const void *end = (void *)(long)ctx->data_end;
    const __u32 difference = address_difference(pkt, record);
    const bool tcp = pkt->protocol == IPPROTO_TCP;
    __sum16 *check = data + ETH_HLEN + sizeof(struct iphdr) +
                     (tcp ? offsetof(struct tcphdr, check) : offsetof(struct udphdr, check));
    __u16 sum;

    if ((void *)(check + 1) > end || !rewrite(data, end, ETH_HLEN, pkt, record, difference))
        return TRANSLATE_FAILED;
    if (!pkt->checksum)
        return TRANSLATE_DONE;
    sum = checksum_replace(*check, pkt->source_port, record->source_port, difference);
    sum = checksum_replace(sum, pkt->destination_port, record->destination_port, 0);
    *check = sum || tcp ? sum : 0xffff; /* RFC 768: 0 is none */
    return TRANSLATE_DONE;
}

#endif

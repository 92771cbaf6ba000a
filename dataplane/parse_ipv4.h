/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of parse that needs no skb and no BPF helper: C11- and C++20-clean, so that unit tests
 * and the fuzzer run the very same code. Every length is checked before it is used.
 */
#ifndef CTGATE_PARSE_IPV4_H
#define CTGATE_PARSE_IPV4_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>

#include "packet.h"

enum parse_result {
    PARSE_OK = 0x10,
    PARSE_STACK, /* not ours to translate */
    PARSE_MORE,  /* the headers are not in the linear part: pull and call again */
    PARSE_BAD_IP,
    PARSE_BAD_TCP,
    PARSE_BAD_UDP,
};

/* Offset and flag bits of iphdr.frag_off, host order. */
#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff

/* length: of the TCP header and all that belongs to it. */
static __always_inline enum parse_result parse_tcp(const void *header, const void *end,
                                                   __u32 length, struct packet *pkt)
{
    const struct tcphdr *tcp = (const struct tcphdr *)header;

    if (length < sizeof(*tcp))
        return PARSE_BAD_TCP;
    if ((const void *)(tcp + 1) > end)
        return PARSE_MORE;
    if (tcp->doff * 4u < sizeof(*tcp) || tcp->doff * 4u > length)
        return PARSE_BAD_TCP;
    pkt->source_port = tcp->source;
    pkt->destination_port = tcp->dest;
    pkt->tcp_flags = ((const __u8 *)tcp)[13];
    return PARSE_OK;
}

static __always_inline enum parse_result parse_udp(const void *header, const void *end,
                                                   __u32 length, struct packet *pkt)
{
    const struct udphdr *udp = (const struct udphdr *)header;

    if (length < sizeof(*udp))
        return PARSE_BAD_UDP;
    if ((const void *)(udp + 1) > end)
        return PARSE_MORE;
    if (bpf_ntohs(udp->len) < sizeof(*udp) || bpf_ntohs(udp->len) > length)
        return PARSE_BAD_UDP;
    pkt->source_port = udp->source;
    pkt->destination_port = udp->dest;
    pkt->tcp_flags = 0;
    return PARSE_OK;
}

static __always_inline void set_ipv4(struct ctgate_address *address, __be32 word)
{
    address->words[0] = word;
    address->words[1] = 0;
    address->words[2] = 0;
    address->words[3] = 0;
}

/*
 * data..end: the linear part of the packet, of which `network` bytes precede the IP header;
 * whole: bytes of the packet, linear or not, from data on; gso: a GSO/GRO super-packet, whose
 * total length may be 0 (IPv4 BIG TCP, include/linux/ip.h iph_totlen()).
 */
static __always_inline enum parse_result parse_ipv4(const void *data, const void *end,
                                                    __u32 network, __u32 whole, bool gso,
                                                    struct packet *pkt)
{
    const struct iphdr *ip = (const struct iphdr *)((const __u8 *)data + network);
    __u32 available;
    __u32 total;

    if (whole < network || whole - network < sizeof(*ip))
        return PARSE_BAD_IP;
    if ((const void *)(ip + 1) > end)
        return PARSE_MORE;
    if (ip->version != 4 || ip->ihl < 5)
        return PARSE_BAD_IP;

    available = whole - network;
    total = bpf_ntohs(ip->tot_len);
    if (total == 0 && gso)
        total = available;
    if (total > available || total < ip->ihl * 4u)
        return PARSE_BAD_IP;

    if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
        return PARSE_STACK;
    if (bpf_ntohs(ip->frag_off) & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET))
        return PARSE_STACK;
    if (ip->ihl > 5)
        return PARSE_STACK;

    set_ipv4(&pkt->source, ip->saddr);
    set_ipv4(&pkt->destination, ip->daddr);
    pkt->network = network;
    pkt->transport = network + sizeof(*ip);
    pkt->family = AF_INET;
    pkt->protocol = ip->protocol;
    pkt->tos = ip->tos;
    if (ip->protocol == IPPROTO_TCP)
        return parse_tcp(ip + 1, end, total - sizeof(*ip), pkt);
    return parse_udp(ip + 1, end, total - sizeof(*ip), pkt);
}

#endif

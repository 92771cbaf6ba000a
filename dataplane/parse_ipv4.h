/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of parse that needs no skb and no BPF helper: C11- and C++20-clean, so that unit tests
 * and the fuzzer run the very same code. Every length is checked before it is used.
 */
#ifndef CTGATE_PARSE_IPV4_H
#define CTGATE_PARSE_IPV4_H

#include <stddef.h>

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>

#include "packet.h"

/* As in <bpf/bpf_helpers.h>, which user space cannot have. */
#ifndef barrier_var
#define barrier_var(variable) __asm__ volatile("" : "+r"(variable))
#endif

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

#define MAX_IPV4_OPTIONS 40

/* What follows the IPv4 header. */
struct segment {
    const void *header;
    const void *end; /* of the linear part */
    __u32 length;    /* of the header and all that belongs to it */
    bool incomplete; /* a first fragment: the rest is in others */
};

/* RFC 1858 section 3: of a first fragment without the whole header TC knows too little; the stack
 * puts it together first. Otherwise that is a contradiction. */
static __always_inline enum parse_result too_short(const struct segment *segment,
                                                   enum parse_result contradiction)
{
    return segment->incomplete ? PARSE_STACK : contradiction;
}

static __always_inline enum parse_result parse_tcp(const struct segment *segment,
                                                   struct packet *pkt)
{
    const struct tcphdr *tcp = (const struct tcphdr *)segment->header;

    if (segment->length < sizeof(*tcp))
        return too_short(segment, PARSE_BAD_TCP);
    if ((const void *)(tcp + 1) > segment->end)
        return PARSE_MORE;
    if (tcp->doff * 4u < sizeof(*tcp))
        return PARSE_BAD_TCP;
    if (tcp->doff * 4u > segment->length)
        return too_short(segment, PARSE_BAD_TCP);
    pkt->source_port = tcp->source;
    pkt->destination_port = tcp->dest;
    pkt->tcp_flags = ((const __u8 *)tcp)[13];
    pkt->transport_length = tcp->doff * 4u;
    pkt->checksum = offsetof(struct tcphdr, check);
    return PARSE_OK;
}

static __always_inline enum parse_result parse_udp(const struct segment *segment,
                                                   struct packet *pkt)
{
    const struct udphdr *udp = (const struct udphdr *)segment->header;

    if (segment->length < sizeof(*udp))
        return too_short(segment, PARSE_BAD_UDP);
    if ((const void *)(udp + 1) > segment->end)
        return PARSE_MORE;
    if (bpf_ntohs(udp->len) < sizeof(*udp))
        return PARSE_BAD_UDP;
    if (bpf_ntohs(udp->len) > segment->length && !segment->incomplete)
        return PARSE_BAD_UDP;
    pkt->source_port = udp->source;
    pkt->destination_port = udp->dest;
    pkt->tcp_flags = 0;
    pkt->transport_length = sizeof(*udp);
    pkt->checksum = udp->check ? offsetof(struct udphdr, check) : 0;
    return PARSE_OK;
}

/* A source route makes the stack send the packet elsewhere than to its destination. What is no
 * option counts as one: the stack refuses it. Nothing else does, for whoever is the stack's has no
 * limits. RFC 791 section 3.1. */
static __always_inline bool may_have_source_route(const __u8 *options, const void *end,
                                                  __u32 length)
{
    bool length_next = false; /* byte by byte: the verifier would follow every step from option */
    __u32 rest = 0;           /* to option; of this one, so many bytes are still to come */

    for (__u32 i = 0; i < MAX_IPV4_OPTIONS && i < length; i++) {
        __u32 byte;

        if ((const void *)(options + i + 1) > end) /* never, but the verifier wants to see it */
            return true;
        byte = options[i];
        if (length_next) {
            if (byte < 2)
                return true;
            rest = byte - 2;
            length_next = false;
        } else if (rest) {
            rest = (rest - 1) & 0xff;
        } else if (byte == IPOPT_EOL) {
            return false;
        } else if (byte == IPOPT_LSRR || byte == IPOPT_SSRR) {
            return true;
        } else {
            length_next = byte != IPOPT_NOOP;
        }
    }
    return length_next || rest;
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
    struct segment segment;
    __u32 header_length;
    __u32 available;
    __u32 total;
    __u16 fragment;

    if (whole < network || whole - network < sizeof(*ip))
        return PARSE_BAD_IP;
    if ((const void *)(ip + 1) > end)
        return PARSE_MORE;
    if (ip->version != 4 || ip->ihl < 5)
        return PARSE_BAD_IP;

    header_length = ip->ihl * 4u;
    available = whole - network;
    total = bpf_ntohs(ip->tot_len);
    if (total == 0 && gso)
        total = available;
    /* By itself: Linux 6.1 draws wrong conclusions from comparing a total of 0 with the other. So
     * the compiler must not know that this follows from that. */
    barrier_var(header_length);
    if (total < sizeof(*ip))
        return PARSE_BAD_IP;
    if (total > available || total < header_length)
        return PARSE_BAD_IP;

    if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
        return PARSE_STACK;
    fragment = bpf_ntohs(ip->frag_off);
    if (fragment & IPV4_FRAGMENT_OFFSET)
        return PARSE_STACK;
    segment.header = (const __u8 *)ip + header_length;
    segment.end = end;
    segment.length = total - header_length;
    segment.incomplete = fragment & IPV4_MORE_FRAGMENTS;
    if (segment.header > end)
        return PARSE_MORE;
    if (may_have_source_route((const __u8 *)(ip + 1), end, header_length - sizeof(*ip)))
        return PARSE_STACK;

    set_ipv4(&pkt->source, ip->saddr);
    set_ipv4(&pkt->destination, ip->daddr);
    pkt->network = network;
    pkt->transport = network + header_length;
    pkt->family = AF_INET;
    pkt->protocol = ip->protocol;
    pkt->tos = ip->tos;
    pkt->ttl = ip->ttl;
    pkt->plain = !segment.incomplete && header_length == sizeof(*ip);
    return ip->protocol == IPPROTO_TCP ? parse_tcp(&segment, pkt) : parse_udp(&segment, pkt);
}

#endif

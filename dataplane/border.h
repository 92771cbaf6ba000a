/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What may cross the border between inside and outside in no case. The nft table translates and
 * guards; but somebody may take that away (`nft flush ruleset`), and then nothing internal may
 * leave and nothing may come straight in, whatever it is: these look at any IPv4 packet.
 */
#ifndef CTGATE_BORDER_H
#define CTGATE_BORDER_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include "behaviour.h"
#include "entry.h"
#include "maps.h"
#include "ports.h"
#include "route.h"

enum border_result {
    BORDER_OPEN = 0x50,
    BORDER_INTERNAL_DESTINATION, /* ingress: addressed straight to something internal */
    BORDER_INTERNAL_SOURCE,      /* egress: nothing has translated it */
    BORDER_OWN_RESET,   /* egress: it would end a session that the stack failed to translate */
    BORDER_EARLY_RESET, /* egress: the answer to a SYN that may be half of a simultaneous open */
};

static __always_inline bool load_ipv4(struct __sk_buff *skb, struct iphdr *ip)
{
    return skb->protocol == bpf_htons(ETH_P_IP) && !is_of_vlan(skb) &&
           !bpf_skb_load_bytes_relative(skb, 0, ip, sizeof(*ip), BPF_HDR_START_NET);
}

static __always_inline __u32 role_of(const struct ctgate_address *address)
{
    const struct ctgate_address_use *use = bpf_map_lookup_elem(&addresses, address);

    return use ? use->role : 0;
}

/* A reply is addressed to one of the router's addresses until the stack has translated it. Global:
 * its stack is its own. */
__noinline enum border_result check_ingress(struct __sk_buff *skb)
{
    struct ctgate_address destination = {};
    struct ctgate_address source = {};
    struct iphdr ip;
    __u32 role;

    if (!load_ipv4(skb, &ip))
        return BORDER_OPEN;
    destination.words[0] = ip.daddr;
    role = role_of(&destination);
    if (role == CTGATE_ADDRESS_INTERNAL)
        return BORDER_INTERNAL_DESTINATION;
    if (role)
        return BORDER_OPEN;
    source.words[0] = ip.saddr;
    return is_internal(output_by_addresses(skb, &source, &destination)) && !is_exempt(&source)
               ? BORDER_INTERNAL_DESTINATION
               : BORDER_OPEN;
}

/* Devices that stand on this one (VLAN, macvlan) send their packets through it too: those that are
 * routed to another interface are no leak of this one. */
static __always_inline bool leaves_here(struct __sk_buff *skb, const struct iphdr *ip)
{
    struct ctgate_address source = {.words = {ip->saddr}};
    struct ctgate_address destination = {.words = {ip->daddr}};
    __u32 output = output_by_addresses(skb, &source, &destination);

    return output == 0 || output == skb->ifindex;
}

/* A reset that the router's own TCP sends, with the endpoints as seen from outside. */
static __always_inline bool load_reset(struct __sk_buff *skb, const struct iphdr *ip,
                                       struct tcphdr *tcp)
{
    return ip->protocol == IPPROTO_TCP &&
           !bpf_skb_load_bytes_relative(skb, ip->ihl * 4, tcp, sizeof(*tcp), BPF_HDR_START_NET) &&
           tcp->rst;
}

/* Without nat hooks a reply is delivered to the router itself, whose TCP knows nothing of it. */
static __always_inline bool resets_translated(struct __sk_buff *skb, const struct iphdr *ip,
                                              const struct tcphdr *tcp)
{
    struct endpoint from = {};
    struct endpoint to = {};
    struct bpf_ct_opts___local opts;
    struct nf_conn *ct;
    bool result;

    from.address.words[0] = ip->daddr;
    from.port = tcp->dest;
    to.address.words[0] = ip->saddr;
    to.port = tcp->source;
    ct = find_entry(skb, IPPROTO_TCP, &from, &to, &opts);
    if (!ct)
        return false;
    result = opts.dir == IP_CT_DIR_REPLY ? source_translated(ct) : ct->status & IPS_DST_NAT;
    bpf_ct_release(ct);
    return result;
}

/* RFC 5382 REQ-4: an unsolicited SYN gets no answer, for the internal endpoint may be about to send
 * its own. Such an answer has sequence number 0 (RFC 9293 section 3.10.7.1). */
static __always_inline bool answers_syn(const struct iphdr *ip, const struct tcphdr *tcp)
{
    const struct ctgate_address source = {.words = {ip->saddr}};
    struct ctgate_port_space space = {};
    const struct ctgate_port_set *set;

    if (tcp->seq || !tcp->ack || tcp->syn)
        return false;
    space_of(&source, IPPROTO_TCP, &space);
    set = port_set(&space);
    return set && may_be_given(set, tcp->source);
}

static __always_inline enum border_result check_egress(struct __sk_buff *skb)
{
    struct ctgate_address source = {};
    struct ctgate_address destination = {};
    bool from_router = skb->ingress_ifindex == 0;
    struct tcphdr tcp;
    struct iphdr ip;
    __u32 role;

    if (skb->cb[0] == short_path_seal[0] && skb->cb[1] == short_path_seal[1])
        return BORDER_OPEN;
    if (!load_ipv4(skb, &ip))
        return BORDER_OPEN;
    if (from_router && load_reset(skb, &ip, &tcp)) {
        if (resets_translated(skb, &ip, &tcp))
            return BORDER_OWN_RESET;
        if (answers_syn(&ip, &tcp))
            return BORDER_EARLY_RESET;
    }
    source.words[0] = ip.saddr;
    destination.words[0] = ip.daddr;
    role = role_of(&source);
    if (role && role != CTGATE_ADDRESS_INTERNAL)
        return BORDER_OPEN; /* all that is translated */
    if (!role && !is_internal(skb->ingress_ifindex))
        return BORDER_OPEN;
    return leaves_here(skb, &ip) && !is_exempt(&destination) ? BORDER_INTERNAL_SOURCE : BORDER_OPEN;
}

#endif

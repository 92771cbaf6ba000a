/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Both ends of the way, at the outermost interfaces: counts the generator's packets and ends them
 * there, or sends them back to where they came from. All else (ARP) is the stack's.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flows.h"

__u32 echo;

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} arrived SEC(".maps");

struct headers {
    struct ethhdr ethernet;
    struct iphdr ip;
    struct udphdr udp;
} __attribute__((packed));

/* Its headers, if it is the generator's or an answer. */
static __always_inline struct headers *generated(void *data, void *end)
{
    struct headers *packet = data;

    if (data + sizeof(*packet) > end || packet->ethernet.h_proto != bpf_htons(ETH_P_IP) ||
        packet->ip.protocol != IPPROTO_UDP)
        return NULL;
    if (packet->udp.dest != bpf_htons(BENCH_REMOTE_PORT) &&
        packet->udp.source != bpf_htons(BENCH_REMOTE_PORT))
        return NULL;
    return packet;
}

static __always_inline void count(void)
{
    const __u32 only = 0;
    __u64 *packets = bpf_map_lookup_elem(&arrived, &only);

    if (packets)
        *packets += 1;
}

/* No checksum changes by that. */
static __always_inline void turn_round(struct headers *packet)
{
    __u8 address[ETH_ALEN];
    const __be32 source = packet->ip.saddr;
    const __be16 port = packet->udp.source;

    __builtin_memcpy(address, packet->ethernet.h_source, ETH_ALEN);
    __builtin_memcpy(packet->ethernet.h_source, packet->ethernet.h_dest, ETH_ALEN);
    __builtin_memcpy(packet->ethernet.h_dest, address, ETH_ALEN);
    packet->ip.saddr = packet->ip.daddr;
    packet->ip.daddr = source;
    packet->udp.source = packet->udp.dest;
    packet->udp.dest = port;
}

SEC("tc")
int endpoint_tc(struct __sk_buff *skb)
{
    struct headers *packet = generated((void *)(long)skb->data, (void *)(long)skb->data_end);

    if (!packet)
        return TC_ACT_OK;
    count();
    if (!echo)
        return TC_ACT_SHOT;
    turn_round(packet);
    return bpf_redirect(skb->ifindex, 0);
}

SEC("xdp")
int endpoint_xdp(struct xdp_md *ctx)
{
    struct headers *packet = generated((void *)(long)ctx->data, (void *)(long)ctx->data_end);

    if (!packet)
        return XDP_PASS;
    count();
    if (!echo)
        return XDP_DROP;
    turn_round(packet);
    return XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";

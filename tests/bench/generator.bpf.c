/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generator: run by BPF_PROG_TEST_RUN with live frames, on one core. The kernel hands the same
 * pages to it again and again, with whatever a router has written to them: all of the header is
 * written anew each time.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flows.h"

struct bench_plan plan;

struct headers {
    struct ethhdr ethernet;
    struct iphdr ip;
    struct udphdr udp;
} __attribute__((packed));

static __always_inline __u16 folded(__u32 sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (__u16)~sum;
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data;
    struct headers *packet = data;
    const __u32 flow = plan.first + plan.next;
    const __be32 remote = bpf_htonl(BENCH_FIRST_REMOTE + flow / BENCH_PORTS);
    const __be16 port = bpf_htons(BENCH_FIRST_PORT + flow % BENCH_PORTS);
    const __u32 remote_sum = (remote & 0xffff) + (remote >> 16);
    __u16 sum;

    if (data + BENCH_FRAME_LENGTH > (void *)(long)ctx->data_end)
        return XDP_ABORTED;
    plan.next = plan.next + 1 < plan.flows ? plan.next + 1 : 0;
    __builtin_memcpy(packet, plan.header, BENCH_HEADER_LENGTH);
    packet->ip.daddr = remote;
    packet->ip.check = folded(plan.ip_sum + remote_sum);
    packet->udp.source = port;
    sum = folded(plan.udp_sum + remote_sum + port);
    packet->udp.check = sum ? sum : 0xffff; /* RFC 768: 0 would mean none */
    return bpf_redirect(plan.ifindex, 0);
}

char LICENSE[] SEC("license") = "GPL";

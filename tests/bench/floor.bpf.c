/* SPDX-License-Identifier: GPL-2.0-only */
/* The floor below every router of its kind: new Ethernet addresses, and out by the other side. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 output = 0;
const volatile __u8 addresses[2 * ETH_ALEN] = {}; /* destination, source */

static __always_inline int address(void *data, void *end)
{
    struct ethhdr *ethernet = data;
    __u8 *to = data;

    if (data + sizeof(*ethernet) > end || ethernet->h_proto != bpf_htons(ETH_P_IP))
        return 0;
    for (__u32 i = 0; i < sizeof(addresses); i++)
        to[i] = addresses[i];
    return 1;
}

SEC("tc")
int floor_tc(struct __sk_buff *skb)
{
    if (!address((void *)(long)skb->data, (void *)(long)skb->data_end))
        return TC_ACT_OK;
    return bpf_redirect(output, 0);
}

SEC("xdp")
int floor_xdp(struct xdp_md *ctx)
{
    if (!address((void *)(long)ctx->data, (void *)(long)ctx->data_end))
        return XDP_PASS;
    return bpf_redirect(output, 0);
}

char LICENSE[] SEC("license") = "GPL";

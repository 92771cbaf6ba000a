// SPDX-License-Identifier: GPL-2.0-only
/*
 * The short path before the stack has the packet: sessions that a record was made for by the
 * programs at TC, on an interface that takes frames from XDP. Whatever else, a record to be renewed
 * among it, goes on to TC.
 */
#include "kernel.h"

#include "parse_ipv4.h"
#include "session_cache.h"
#include "translate.h"
#include "forward_xdp.h"

static __always_inline const struct ctgate_xdp_interface *arrival_of(const struct xdp_md *ctx)
{
    const __u32 ifindex = ctx->ingress_ifindex;

    return bpf_map_lookup_elem(&xdp_interfaces, &ifindex);
}

/* An untagged IPv4 packet, to the interface itself. */
static __always_inline bool is_for(const struct ctgate_xdp_interface *interface,
                                   const struct ethhdr *eth)
{
    const __be16 *own = (const void *)interface->address;
    const __be16 *destination = (const void *)eth->h_dest;

    return eth->h_proto == bpf_htons(ETH_P_IP) && own[0] == destination[0] &&
           own[1] == destination[1] && own[2] == destination[2];
}

SEC("xdp")
int short_path(struct xdp_md *ctx)
{
    const void *data = (void *)(long)ctx->data;
    const void *end = (void *)(long)ctx->data_end;
    const struct ctgate_xdp_interface *interface;
    struct ctgate_cache_record *record;
    const struct ethhdr *eth = data;
    struct packet pkt;
    __u32 length;

    if ((const void *)(eth + 1) > end)
        return to_tc();
    length = end - data;
    interface = arrival_of(ctx);
    if (!interface || !is_for(interface, eth) ||
        parse_ipv4(data, end, ETH_HLEN, length, false, &pkt) != PARSE_OK)
        return to_tc();
    length -= ETH_HLEN; /* what hardware has put together does not come here */
    record = recall(&pkt, ctx->ingress_ifindex, length, false);
    if (!record || !(record->flags & CTGATE_CACHE_XDP))
        return to_tc();
    if (translate_frame(ctx, &pkt, record) != TRANSLATE_DONE)
        return to_tc();
    note_use(record, length);
    return redirect(record->output, interface->internal);
}

char LICENSE[] SEC("license") = "GPL";

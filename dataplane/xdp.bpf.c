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

/* To the interface itself, not to somebody behind it or beside it. */
static __always_inline bool is_for_us(const struct ethhdr *eth,
                                      const struct ctgate_cache_record *record)
{
    const __be16 *own = (const void *)record->arrival_address;
    const __be16 *destination = (const void *)eth->h_dest;

    return own[0] == destination[0] && own[1] == destination[1] && own[2] == destination[2];
}

SEC("xdp")
int short_path(struct xdp_md *ctx)
{
    const void *data = (void *)(long)ctx->data;
    const void *end = (void *)(long)ctx->data_end;
    struct ctgate_cache_record *record;
    const struct ethhdr *eth = data;
    struct packet pkt;
    __u32 length;

    if ((const void *)(eth + 1) > end)
        return to_tc();
    length = end - data;
    if (eth->h_proto != bpf_htons(ETH_P_IP) ||
        parse_ipv4(data, end, ETH_HLEN, length, false, &pkt) != PARSE_OK)
        return to_tc();
    length -= ETH_HLEN; /* what hardware has put together does not come here */
    record = recall(&pkt, ctx->ingress_ifindex, length, false);
    if (!record || !(record->flags & CTGATE_CACHE_XDP) || !is_for_us(eth, record))
        return to_tc();
    if (translate_frame(ctx, &pkt, record) != TRANSLATE_DONE)
        return to_tc();
    note_use(record, length);
    return redirect(record->output, record->flags & CTGATE_CACHE_INSIDE);
}

char LICENSE[] SEC("license") = "GPL";

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Deterministic ports (RFC 7422): the addresses of an internal prefix, in ascending order, are
 * given one port block each: first those of the first external address, in ascending order, then
 * those of the second, and so on. The same arithmetic leads from the host to its block and back.
 *
 * Only blocks that lie in one port range as a whole are given. All numbers in host byte order.
 */
#ifndef CTGATE_PORT_BLOCKS_H
#define CTGATE_PORT_BLOCKS_H

#include "ctgate/pool.h"

#define CTGATE_NO_BLOCK 0xffffffffu

/* The first of the blocks of 2^order ports in the range, if there are any. */
static inline __u32 ctgate_first_block(const struct ctgate_port_range *range, __u32 order)
{
    return (range->low + (1u << order) - 1) >> order;
}

static inline __u32 ctgate_blocks_in(const struct ctgate_port_range *range, __u32 order)
{
    const __u32 first = ctgate_first_block(range, order);
    const __u32 end = (range->high + 1u) >> order;

    return end > first ? end - first : 0;
}

/* The number of the n-th block of the address, or CTGATE_NO_BLOCK. */
static inline __u32 ctgate_block_at(const struct ctgate_external_address *external, __u32 order,
                                    __u32 n)
{
    for (__u32 i = 0; i < CTGATE_MAX_PORT_RANGES && i < external->range_count; i++) {
        const __u32 count = ctgate_blocks_in(&external->ranges[i], order);

        if (n < count)
            return ctgate_first_block(&external->ranges[i], order) + n;
        n -= count;
    }
    return CTGATE_NO_BLOCK;
}

/* The inverse; CTGATE_NO_BLOCK when it is none of the address's. */
static inline __u32 ctgate_block_index(const struct ctgate_external_address *external, __u32 order,
                                       __u32 block)
{
    __u32 before = 0;

    for (__u32 i = 0; i < CTGATE_MAX_PORT_RANGES && i < external->range_count; i++) {
        const __u32 first = ctgate_first_block(&external->ranges[i], order);
        const __u32 count = ctgate_blocks_in(&external->ranges[i], order);

        if (block >= first && block - first < count)
            return before + (block - first);
        before += count;
    }
    return CTGATE_NO_BLOCK;
}

#endif

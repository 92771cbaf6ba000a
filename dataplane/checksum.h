/* SPDX-License-Identifier: GPL-2.0-only */
/* One's complement sums and how they change with what was summed (RFC 1071, RFC 1624). Values are
 * taken as they lie in the packet, whatever the byte order. */
#ifndef CTGATE_CHECKSUM_H
#define CTGATE_CHECKSUM_H

#include <linux/types.h>

static __always_inline __u32 sum_add(__u32 sum, __u32 value)
{
    sum += value;
    return sum + (sum < value);
}

static __always_inline __u32 sum_replace(__u32 sum, __u32 from, __u32 to)
{
    return sum_add(sum_add(sum, ~from), to);
}

static __always_inline __u16 sum_fold(__u32 sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16);
}

/* The checksum of a header in which one 16-bit word became another, and whose other words changed
 * by that difference. */
static __always_inline __u16 checksum_replace(__u16 checksum, __u16 from, __u16 to,
                                              __u32 difference)
{
    const __u32 sum = sum_add((__u16)~checksum, (__u16)~from) + to;

    return ~sum_fold(sum_add(sum, difference));
}

#endif

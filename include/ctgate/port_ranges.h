/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arithmetic on the port ranges of one external address, taken one after the other: the ports are
 * numbered 0..port_count-1 in ascending order. Host byte order.
 */
#ifndef CTGATE_PORT_RANGES_H
#define CTGATE_PORT_RANGES_H

#include "ctgate/pool.h"

/* The number of a port, or port_count when it lies in no range. */
static inline __u32 ctgate_port_index(const struct ctgate_external_address *external, __u16 port)
{
    __u32 before = 0;

    for (__u32 i = 0; i < CTGATE_MAX_PORT_RANGES && i < external->range_count; i++) {
        const __u32 low = external->ranges[i].low;
        const __u32 high = external->ranges[i].high;

        if (port >= low && port <= high)
            return before + (port - low);
        before += high - low + 1;
    }
    return external->port_count;
}

/* The inverse. 0, which is no port, when there are not that many. */
static inline __u16 ctgate_port_at(const struct ctgate_external_address *external, __u32 index)
{
    for (__u32 i = 0; i < CTGATE_MAX_PORT_RANGES && i < external->range_count; i++) {
        const __u32 low = external->ranges[i].low;
        const __u32 size = external->ranges[i].high - low + 1;

        if (index < size)
            return (__u16)(low + index);
        index -= size;
    }
    return 0;
}

#endif

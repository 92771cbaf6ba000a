/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CTGATE_STATS_H
#define CTGATE_STATS_H

#include "maps.h"

static __always_inline void count(enum ctgate_counter which)
{
    __u32 key = which;
    __u64 *value = bpf_map_lookup_elem(&counters, &key);

    if (value)
        *value += 1;
}

#endif

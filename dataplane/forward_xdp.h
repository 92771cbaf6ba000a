/* SPDX-License-Identifier: GPL-2.0-only */
/* Last stage in XDP: the only place where its vocabulary appears. */
#ifndef CTGATE_FORWARD_XDP_H
#define CTGATE_FORWARD_XDP_H

#include "kernel.h"
#include "stats.h"

/* Our program there counts it and looks at it afresh. */
static __always_inline int to_tc(void)
{
    return XDP_PASS;
}

static __always_inline int redirect(__u32 ifindex, bool internal)
{
    count(internal ? CTGATE_COUNT_INTERNAL_PACKETS : CTGATE_COUNT_EXTERNAL_PACKETS);
    count(CTGATE_COUNT_SHORT_PATH);
    count(CTGATE_COUNT_SHORT_PATH_XDP);
    return bpf_redirect(ifindex, 0);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Last stage: the only place where the vocabulary of TC appears. */
#ifndef CTGATE_FORWARD_H
#define CTGATE_FORWARD_H

#include <linux/pkt_cls.h>

#include "stats.h"

/* On to the next program or filter on this hook, and then the stack: TC_ACT_OK would end the hook
 * and so skip other people's filters. */
static __always_inline int to_stack(enum ctgate_counter why)
{
    count(why);
    return TC_ACT_UNSPEC;
}

/* The same for what is no more than looked at. */
static __always_inline int pass(void)
{
    return TC_ACT_UNSPEC;
}

static __always_inline int drop(enum ctgate_counter reason)
{
    count(reason);
    return TC_ACT_SHOT;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs tell `ctgate explain`, which loads them once more, with `explaining` set, over
 * copies of all that they write. Addresses and ports in network byte order.
 */
#ifndef CTGATE_EXPLAIN_H
#define CTGATE_EXPLAIN_H

#include "ctgate/hosts.h"
#include "ctgate/layout.h"

/* The stages that say more than a counter does: X(IDENTIFIER, "the enum of its results"). The
 * results go by their names, as the BTF of the programs has them. */
#define CTGATE_STAGES(X)                                                                           \
    X(LOOKUP, "lookup_result")                                                                     \
    X(DECIDE, "decide_result")                                                                     \
    X(INBOUND, "inbound_result")                                                                   \
    X(CHOICE, "choice")                                                                            \
    X(CREATE, "create_result")

#define CTGATE_ENUM_ENTRY(id, results) CTGATE_STAGE_##id,
enum ctgate_stage { CTGATE_STAGES(CTGATE_ENUM_ENTRY) CTGATE_STAGE_MAX };
#undef CTGATE_ENUM_ENTRY

/* The session that this packet is of, and a stray one at the other end. */
#define CTGATE_MAX_ENDED 2

/* The only value of `explanation`. */
struct ctgate_explanation {
    __u32 results[CTGATE_STAGE_MAX]; /* the last one of each stage; 0: it was not asked */
    __u32 asked[CTGATE_STAGE_MAX];   /* how often it was */
    __u32 created_count;             /* 1: an entry would have been made: */
    __u32 ended_count;               /* entries that would have been ended: */
    struct ctgate_tuple original;
    struct ctgate_tuple reply;
    struct ctgate_tuple ended[CTGATE_MAX_ENDED]; /* their original tuples */
};
CTGATE_LAYOUT(struct ctgate_explanation, (2 * CTGATE_STAGE_MAX + 2) * sizeof(__u32) +
                                             (2 + CTGATE_MAX_ENDED) * sizeof(struct ctgate_tuple));

#endif

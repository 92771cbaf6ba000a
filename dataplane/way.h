/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a new session from inside is to go, and which external endpoint it gets. */
#ifndef CTGATE_WAY_H
#define CTGATE_WAY_H

#include "ctgate/pairing.h"
#include "ctgate/port_ranges.h"
#include "maps.h"
#include "packet.h"

struct way {
    __u32 ifindex;           /* external interface whose addresses are given out */
    __u32 tries;             /* external endpoints tried so far */
    __u32 start;             /* where a search through all of them begins */
    __u32 block;             /* deterministic ports: that of the internal host */
    struct session previous; /* whose external endpoint is preferred */
    /* Source: the external endpoint that is tried now. Destination: hairpinning, the other internal
     * endpoint; port 0: none. */
    struct translation to;
};

/* What `external` is. */
enum choice {
    CHOICE_OWN = 0x80, /* of the address that stands for this internal host alone */
    CHOICE_KNOWN,      /* of a mapping that was there */
    CHOICE_FRESH,      /* of a mapping that is there from now on */
    CHOICE_SHARED,     /* a port that others may have too */
    CHOICE_UNKNOWN,    /* there is no mapping */
    CHOICE_BLOCKS,     /* a port is to be had from the blocks of its host only */
    CHOICE_COMPUTED,   /* from the block that its address leads to */
    CHOICE_OUTSIDE,    /* which it does not */
    CHOICE_AGAIN,      /* none this time */
    CHOICE_NO_ADDRESS,
    CHOICE_EXHAUSTED,
    CHOICE_QUOTA,
    CHOICE_MAPPINGS_FULL,
};

/* The address of this internal host: always the same one (RFC 4787 REQ-2). NULL: there is none. */
static __always_inline const struct ctgate_external_address *
paired_address(__u32 ifindex, const struct ctgate_address *internal)
{
    const struct ctgate_pool *pool = bpf_map_lookup_elem(&pools, &ifindex);
    __u32 index;

    if (!pool)
        return 0;
    index = ctgate_pair(internal->bytes, pool->address_count);
    barrier_var(index); /* the verifier must see the check on the very register that is used */
    if (index >= CTGATE_MAX_EXTERNAL_ADDRESSES || index >= pool->address_count)
        return 0;
    return &pool->addresses[index];
}

/* The address of that interface which stands for this internal host alone. NULL: there is none. */
static __always_inline const struct ctgate_address *
own_address(const struct ctgate_address *internal, __u32 ifindex)
{
    const struct ctgate_address key =
        *internal; /* Linux 6.1: no key lies in an argument's memory */
    const struct ctgate_address *own = bpf_map_lookup_elem(&one_to_one, &key);
    const struct ctgate_address_use *use = own ? bpf_map_lookup_elem(&addresses, own) : 0;

    return use && use->ifindex == ifindex ? own : 0;
}

#endif

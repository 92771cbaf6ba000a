/* SPDX-License-Identifier: GPL-2.0-only */
/* What was configured for an internal host, for a destination, for all. */
#ifndef CTGATE_DATAPLANE_BEHAVIOUR_H
#define CTGATE_DATAPLANE_BEHAVIOUR_H

#include "maps.h"
#include "packet.h"

/* The defaults where nothing was written yet. */
static __always_inline struct ctgate_behaviour behaviour_of(const struct ctgate_address *internal,
                                                            __u8 protocol)
{
    const struct ctgate_behaviour usual = {.mapping = CTGATE_ENDPOINT_INDEPENDENT,
                                           .filtering = CTGATE_ADDRESS_DEPENDENT};
    struct ctgate_behaviour_key key = {
        .prefix_length = CTGATE_PROTOCOL_BITS + 8 * sizeof(struct ctgate_address),
        .protocol = bpf_htonl(protocol),
        .internal = *internal,
    };
    const struct ctgate_behaviour *found = bpf_map_lookup_elem(&behaviours, &key);

    return found ? *found : usual;
}

static __always_inline bool is_exempt(const struct ctgate_address *destination)
{
    struct ctgate_prefix key = {.prefix_length = 8 * sizeof(struct ctgate_address),
                                .address = *destination};

    return bpf_map_lookup_elem(&exemptions, &key);
}

static __always_inline const struct ctgate_settings *configured(void)
{
    const __u32 only = 0;

    return bpf_map_lookup_elem(&configuration, &only);
}

#endif

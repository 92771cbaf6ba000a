/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Endpoint-independent mapping (RFC 4787 REQ-1, RFC 5382 REQ-1): an internal endpoint has one
 * external endpoint for all remote ones, and no other internal endpoint has that.
 */
#ifndef CTGATE_MAPPING_H
#define CTGATE_MAPPING_H

#include "ports.h"
#include "timeout.h"

static __always_inline void mapping_key_of(const struct ctgate_address *address, __be16 port,
                                           __u8 protocol, __u32 ifindex,
                                           struct ctgate_mapping_key *key)
{
    key->address = *address;
    key->port = port;
    key->protocol = protocol;
    key->ifindex = ifindex;
}

static __always_inline bool same_address(const struct ctgate_address *one,
                                         const struct ctgate_address *other)
{
    return one->words[0] == other->words[0] && one->words[1] == other->words[1] &&
           one->words[2] == other->words[2] && one->words[3] == other->words[3];
}

static __always_inline bool belongs_to(const struct ctgate_port_slot *slot,
                                       const struct ctgate_mapping_key *key)
{
    return (slot->state == CTGATE_PORT_MAPPED || slot->state == CTGATE_PORT_FORWARDED) &&
           slot->internal_port == key->port && slot->ifindex == key->ifindex &&
           same_address(&slot->internal, &key->address);
}

/* The data first, then the state: from then on it can be found, and end. */
static __always_inline void fill_slot(struct ctgate_port_slot *slot,
                                      const struct ctgate_mapping_key *key,
                                      const struct ctgate_address *remote, __u32 until,
                                      enum ctgate_port_state state)
{
    slot->internal = key->address;
    slot->internal_port = key->port;
    slot->ifindex = key->ifindex;
    slot->contact = *remote;
    slot->mapped_until = until;
    slot->held_until = until;
    slot->sessions = 0;
    slot->since = seconds_now();
    slot->access = 0;
    slot->generation = bpf_ktime_get_ns() >> 20; /* never again, also where slots begin anew */
    barrier();
    slot->state = state;
}

/* Nothing was sent from it: it need not rest. */
static __always_inline void unclaim(struct ctgate_port_set *set, struct ctgate_port_slot *slot,
                                    __be16 port)
{
    slot->state = CTGATE_PORT_FREE;
    barrier();
    give_back(set, port);
}

static __always_inline void contact_of(const struct ctgate_port_slot *slot,
                                       const struct endpoint *external, __u8 protocol,
                                       const struct endpoint *remote, struct ctgate_contact *key)
{
    key->external = external->address;
    key->port = external->port;
    key->protocol = protocol;
    key->generation = slot->generation;
    key->remote = remote->address;
    key->remote_port = remote->port;
}

/* The port has sent to this remote endpoint; with port 0, to this remote address. */
static __always_inline void note_contact(const struct ctgate_port_slot *slot,
                                         const struct endpoint *external, __u8 protocol,
                                         const struct endpoint *remote)
{
    struct ctgate_contact key = {};
    const __u32 yes = 1;

    if (!remote->port && same_address(&slot->contact, &remote->address))
        return;
    contact_of(slot, external, protocol, remote, &key);
    bpf_map_update_elem(&contacts, &key, &yes, BPF_ANY);
}

static __always_inline bool has_contact(const struct ctgate_port_slot *slot,
                                        const struct endpoint *external, __u8 protocol,
                                        const struct endpoint *remote)
{
    struct ctgate_contact key = {};

    if (!remote->port && same_address(&slot->contact, &remote->address))
        return true;
    contact_of(slot, external, protocol, remote, &key);
    return bpf_map_lookup_elem(&contacts, &key);
}

#endif

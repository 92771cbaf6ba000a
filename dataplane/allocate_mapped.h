/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of allocate: the endpoint-independent mapping of a session, which is made when missing. */
#ifndef CTGATE_ALLOCATE_MAPPED_H
#define CTGATE_ALLOCATE_MAPPED_H

#include "events.h"
#include "hosts.h"
#include "local.h"
#include "mapping.h"
#include "stats.h"
#include "sweep.h"
#include "way.h"

/* The external endpoint that the mapping has, if it is still good for new sessions. */
static __always_inline bool known_mapping(const struct ctgate_mapping_key *key,
                                          struct endpoint *external)
{
    const struct ctgate_mapping *known = bpf_map_lookup_elem(&mappings, key);
    struct ctgate_port_space space = {};
    struct ctgate_port_slot *slot;
    struct ctgate_port_set *set;

    if (!known)
        return false;
    external->address = known->address;
    external->port = known->port;
    space_of(&known->address, key->protocol, &space);
    slot = port_slot(&space, external->port);
    set = port_set(&space);
    if (slot && set && belongs_to(slot, key)) {
        if (slot->state == CTGATE_PORT_FORWARDED || may_be_given(set, external->port))
            return true;
        slot->state = CTGATE_PORT_RESTING; /* no longer in the ranges: its sessions may go on */
        return_quota(&key->address, key->protocol);
        count(CTGATE_COUNT_MAPPING_ENDED);
        if (is_listening())
            tell_mapping(CTGATE_EVENT_MAPPING_ENDED, key, &space, external->port, 0);
    }
    bpf_map_delete_elem(&mappings, key);
    return false;
}

/* Global, like the others here: verified once, with a stack of its own. */
__noinline enum choice choose_known(const struct packet *pkt, struct way *way)
{
    struct ctgate_mapping_key key = {};

    if (!pkt || !way)
        return CHOICE_UNKNOWN;
    mapping_key_of(&pkt->source, pkt->source_port, pkt->protocol, way->ifindex, &key);
    return known_mapping(&key, &way->to.source) ? CHOICE_KNOWN : CHOICE_UNKNOWN;
}

/* A TCP connection of which conntrack knows nothing, such as after `conntrack -F`: it goes on where
 * its mapping is, which the stack does not know. */
static __always_inline bool goes_on(const struct packet *pkt, struct way *way)
{
    return is_amid_tcp(pkt) && choose_known(pkt, way) == CHOICE_KNOWN;
}

/* A port for a new mapping, claimed: the previous one or the internal one if it can be had, else
 * any other. */
__noinline enum choice claim_endpoint(const struct packet *pkt, struct way *way)
{
    const struct ctgate_external_address *pooled;
    struct ctgate_port_space space = {};
    struct ctgate_port_set *set;

    if (!pkt || !way)
        return CHOICE_NO_ADDRESS;
    pooled = paired_address(way->ifindex, &pkt->source);
    if (!pooled)
        return CHOICE_NO_ADDRESS;
    space_of(&pooled->address, pkt->protocol, &space);
    set = port_set(&space);
    if (!set)
        return CHOICE_NO_ADDRESS;
    way->to.source.address = pooled->address;
    if (set->block_order)
        return set->computed ? CHOICE_COMPUTED : CHOICE_BLOCKS;
    way->to.source.port = pkt->source_port;
    if (way->tries == 0 && same_address(&way->previous.external.address, &pooled->address) &&
        claim_allowed(set, way->previous.external.port))
        way->to.source.port = way->previous.external.port;
    else if (way->tries || !claim_allowed(set, pkt->source_port))
        way->to.source.port = bpf_htons(claim_any(set, bpf_ntohs(pkt->source_port)));
    return way->to.source.port ? CHOICE_FRESH : CHOICE_EXHAUSTED;
}

/* The claimed port becomes the mapping of this packet's internal endpoint; otherwise it is free
 * again. */
__noinline enum choice open_mapping(struct __sk_buff *skb, const struct packet *pkt,
                                    const struct way *way)
{
    struct ctgate_mapping mapping = {};
    struct ctgate_mapping_key key = {};
    struct ctgate_port_space space = {};
    enum choice result = CHOICE_AGAIN;
    struct ctgate_port_slot *slot;
    struct ctgate_port_set *set;
    struct endpoint remote = {};

    if (!pkt || !way)
        return CHOICE_NO_ADDRESS;
    space_of(&way->to.source.address, pkt->protocol, &space);
    slot = port_slot(&space, way->to.source.port);
    set = port_set(&space);
    if (!slot || !set)
        return CHOICE_NO_ADDRESS;
    destination_of(pkt, &remote);
    if (is_local(skb, pkt->protocol, &remote, &way->to.source)) {
        unclaim(set, slot, way->to.source.port);
        return CHOICE_AGAIN;
    }
    if (take_quota(&pkt->source, pkt->protocol)) {
        /* An int, as in the kernel: Linux 6.1 leaves the upper half of the helper's result zero. */
        int error;

        mapping_key_of(&pkt->source, pkt->source_port, pkt->protocol, way->ifindex, &key);
        mapping.address = way->to.source.address;
        mapping.port = way->to.source.port;
        fill_slot(slot, &key, &pkt->destination, first_until(pkt->protocol), CTGATE_PORT_MAPPED);
        error = bpf_map_update_elem(&mappings, &key, &mapping, BPF_NOEXIST);
        if (!error) {
            start_sweep(&space);
            return CHOICE_FRESH;
        }
        return_quota(&pkt->source, pkt->protocol);
        if (error != -EEXIST) /* else another CPU was faster */
            result = CHOICE_MAPPINGS_FULL;
    } else {
        result = CHOICE_QUOTA;
    }
    unclaim(set, slot, way->to.source.port);
    return result;
}

/* The new session has its entry, or not. Global: verified once. */
__noinline int settle_mapped(const struct packet *pkt, const struct way *way, bool fresh,
                             bool created, bool kept)
{
    struct ctgate_mapping_key key = {};
    struct ctgate_port_space space = {};
    struct ctgate_port_slot *slot;
    struct ctgate_port_set *set;
    struct endpoint remote = {};

    if (!pkt || !way)
        return 0;
    space_of(&way->to.source.address, pkt->protocol, &space);
    slot = port_slot(&space, way->to.source.port);
    set = port_set(&space);
    if (!slot || !set)
        return 0;
    remote.address = pkt->destination;
    if (created) {
        begin_session(slot, pkt->protocol, true);
        if (!fresh && slot->state == CTGATE_PORT_MAPPED &&
            behaviour_of(&pkt->source, pkt->protocol).filtering == CTGATE_ADDRESS_DEPENDENT)
            note_contact(slot, &way->to.source, pkt->protocol, &remote);
    }
    if (!fresh)
        return 0;
    mapping_key_of(&pkt->source, pkt->source_port, pkt->protocol, way->ifindex, &key);
    if (kept) {
        count(CTGATE_COUNT_MAPPING_CREATED);
        if (way->to.source.port == pkt->source_port)
            count(CTGATE_COUNT_PORT_PRESERVED);
        if (is_listening())
            tell_mapping(CTGATE_EVENT_MAPPING_CREATED, &key, &space, way->to.source.port, 0);
        return 0;
    }
    bpf_map_delete_elem(&mappings, &key);
    return_quota(&pkt->source, pkt->protocol);
    unclaim(set, slot, way->to.source.port);
    return 0;
}

#endif

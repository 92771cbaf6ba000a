/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 4: an external endpoint for a new session from inside, as its host's mapping behaviour
 * wants it, and the session's entry. A host that has an address of its own keeps its port there.
 *
 * Choosing, creating and settling are global subprograms: the verifier looks at each once, takes
 * each pointer for possibly NULL, and their stacks do not add up.
 */
#ifndef CTGATE_ALLOCATE_H
#define CTGATE_ALLOCATE_H

#include "allocate_blocks.h"
#include "allocate_computed.h"
#include "allocate_mapped.h"
#include "allocate_shared.h"
#include "create.h"
#include "places.h"

enum allocate_result {
    ALLOCATE_CREATED = 0x40,
    ALLOCATE_FOUND, /* another CPU made the entry of this very session meanwhile */
    ALLOCATE_TAKEN, /* another session has this external endpoint towards the same remote one */
    ALLOCATE_NO_ADDRESS,
    ALLOCATE_OUTSIDE_PREFIX,
    ALLOCATE_EXHAUSTED,
    ALLOCATE_QUOTA,
    ALLOCATE_RATE,
    ALLOCATE_SESSIONS,
    ALLOCATE_MAPPINGS_FULL,
    ALLOCATE_TABLE_FULL,
    ALLOCATE_NAT_REFUSED,
    ALLOCATE_AGAIN, /* not with this endpoint, but another may do; never the last word */
};

static __always_inline enum choice choose_mapped(struct __sk_buff *skb, const struct packet *pkt,
                                                 struct way *way)
{
    enum choice choice = choose_known(pkt, way);

    if (choice == CHOICE_UNKNOWN)
        choice = claim_endpoint(pkt, way);
    if (choice == CHOICE_BLOCKS)
        choice = claim_in_blocks(pkt, way);
    if (choice == CHOICE_COMPUTED)
        choice = compute_block(pkt, way);
    if (choice == CHOICE_COMPUTED)
        choice = claim_computed(pkt, way);
    if (choice == CHOICE_FRESH)
        choice = open_mapping(skb, pkt, way);
    /* Without a port left, another CPU may have taken the last for this very mapping. */
    if ((choice == CHOICE_EXHAUSTED || choice == CHOICE_QUOTA) &&
        choose_known(pkt, way) == CHOICE_KNOWN)
        choice = CHOICE_KNOWN;
    return choice;
}

/* A packet to another internal host that its mapping's filtering does not let in has been sent all
 * the same: the sender has its mapping, which from now on lets that external endpoint in. Otherwise
 * two hosts could wait for each other for ever. Global, like the others. */
__noinline int open_way_back(struct __sk_buff *skb, const struct packet *pkt, struct way *way)
{
    const struct ctgate_settings *settings = configured();
    struct ctgate_port_space space = {};
    enum choice choice = CHOICE_AGAIN;
    struct ctgate_port_slot *slot;
    struct endpoint remote = {};

    if (!pkt || !way || !settings || (pkt->protocol == IPPROTO_TCP && !opens_tcp(pkt)) ||
        own_address(&pkt->source, way->ifindex) ||
        behaviour_of(&pkt->source, pkt->protocol).mapping != CTGATE_ENDPOINT_INDEPENDENT)
        return 0;
    for (__u32 i = 0; i < CTGATE_MAX_CLAIMS && choice == CHOICE_AGAIN; i++) {
        way->tries = i;
        choice = choose_mapped(skb, pkt, way);
    }
    if (choice != CHOICE_KNOWN && choice != CHOICE_FRESH)
        return 0;
    space_of(&way->to.source.address, pkt->protocol, &space);
    if (choice == CHOICE_FRESH) {
        struct ctgate_mapping_key key = {};

        count(CTGATE_COUNT_MAPPING_CREATED);
        mapping_key_of(&pkt->source, pkt->source_port, pkt->protocol, way->ifindex, &key);
        if (is_listening())
            tell_mapping(CTGATE_EVENT_MAPPING_CREATED, &key, &space, way->to.source.port, 0);
    }
    slot = port_slot(&space, way->to.source.port);
    if (!slot)
        return 0;
    keep_until(slot, settings, first_until(pkt->protocol), true);
    destination_of(pkt, &remote);
    note_contact(slot, &way->to.source, pkt->protocol, &remote);
    remote.port = 0;
    note_contact(slot, &way->to.source, pkt->protocol, &remote);
    return 0;
}

static __always_inline enum choice choose(struct __sk_buff *skb, const struct packet *pkt,
                                          struct way *way, bool shared)
{
    const struct ctgate_address *own = own_address(&pkt->source, way->ifindex);

    if (own) {
        way->to.source.address = *own;
        way->to.source.port = pkt->source_port;
        return CHOICE_OWN;
    }
    return shared ? choose_shared(skb, pkt, way) : choose_mapped(skb, pkt, way);
}

static __always_inline void settle(const struct packet *pkt, const struct way *way,
                                   enum choice choice, enum create_result created)
{
    const bool done = created == CREATE_DONE;

    if (choice == CHOICE_SHARED && done)
        settle_shared(pkt, way);
    if (choice == CHOICE_KNOWN || choice == CHOICE_FRESH)
        settle_mapped(pkt, way, choice == CHOICE_FRESH, done, done || created == CREATE_FOUND);
}

/* Nothing to go on with: why. */
static __always_inline enum allocate_result without(enum choice choice)
{
    switch (choice) {
    case CHOICE_NO_ADDRESS:
        return ALLOCATE_NO_ADDRESS;
    case CHOICE_OUTSIDE:
        return ALLOCATE_OUTSIDE_PREFIX;
    case CHOICE_QUOTA:
        return ALLOCATE_QUOTA;
    case CHOICE_MAPPINGS_FULL:
        return ALLOCATE_MAPPINGS_FULL;
    case CHOICE_EXHAUSTED:
    case CHOICE_UNKNOWN:
    case CHOICE_BLOCKS:
    case CHOICE_COMPUTED:
    case CHOICE_AGAIN:
    case CHOICE_OWN:
    case CHOICE_KNOWN:
    case CHOICE_FRESH:
    case CHOICE_SHARED:
        break;
    }
    return ALLOCATE_EXHAUSTED;
}

static __always_inline bool is_endpoint(enum choice choice)
{
    return choice == CHOICE_OWN || choice == CHOICE_KNOWN || choice == CHOICE_FRESH ||
           choice == CHOICE_SHARED;
}

static __always_inline enum allocate_result ended(enum create_result created)
{
    switch (created) {
    case CREATE_DONE:
        return ALLOCATE_CREATED;
    case CREATE_FOUND:
        return ALLOCATE_FOUND;
    case CREATE_TAKEN:
    case CREATE_STRAY: /* another CPU had one more */
        return ALLOCATE_TAKEN;
    case CREATE_TABLE_FULL:
        return ALLOCATE_TABLE_FULL;
    case CREATE_NAT_REFUSED:
        break;
    }
    return ALLOCATE_NAT_REFUSED;
}

/* One external endpoint, and the session's entry with it. Global, so that the verifier looks at one
 * try instead of all. */
__noinline enum allocate_result try_once(struct __sk_buff *skb, const struct packet *pkt,
                                         struct way *way, bool shared)
{
    enum create_result created;
    enum choice choice;

    if (!pkt || !way)
        return ALLOCATE_NAT_REFUSED;
    choice = choose(skb, pkt, way, shared);
    tell(CTGATE_STAGE_CHOICE, choice);
    if (choice == CHOICE_AGAIN)
        return ALLOCATE_AGAIN;
    if (!is_endpoint(choice))
        return without(choice);
    created = create_entry(skb, pkt, &way->to, choice == CHOICE_SHARED);
    if (created == CREATE_STRAY)
        created =
            end_stray(skb, pkt, &way->to) ? create_entry(skb, pkt, &way->to, false) : CREATE_TAKEN;
    tell(CTGATE_STAGE_CREATE, created);
    settle(pkt, way, choice, created);
    /* A mapping's endpoint, or one of its own, is the only one that this session may have. */
    if ((created == CREATE_TAKEN || created == CREATE_STRAY) && choice != CHOICE_OWN &&
        choice != CHOICE_KNOWN)
        return ALLOCATE_AGAIN;
    return ended(created);
}

static __always_inline enum allocate_result allocate_by(struct __sk_buff *skb,
                                                        const struct packet *pkt, struct way *way,
                                                        bool shared, __u32 tries)
{
    for (__u32 i = 0; i < tries; i++) {
        enum allocate_result result;

        way->tries = i;
        result = try_once(skb, pkt, way, shared);
        if (result != ALLOCATE_AGAIN)
            return result;
    }
    return ALLOCATE_EXHAUSTED;
}

/* `way->to.source` is the endpoint that was chosen, when created. */
__noinline enum allocate_result allocate(struct __sk_buff *skb, const struct packet *pkt,
                                         struct way *way)
{
    const struct ctgate_settings *settings = configured();
    enum allocate_result result;
    bool shared;

    if (!pkt || !way || !settings)
        return ALLOCATE_NAT_REFUSED;
    shared = behaviour_of(&pkt->source, pkt->protocol).mapping != CTGATE_ENDPOINT_INDEPENDENT;
    if (!shared) {
        result = allocate_by(skb, pkt, way, false, CTGATE_MAX_CLAIMS);
        if (result != ALLOCATE_EXHAUSTED || !settings->overload_when_full)
            return result;
    }
    return allocate_by(skb, pkt, way, true, MAX_SHARED_TRIES);
}

/* A new session from inside, within what its host may have. */
static __always_inline enum allocate_result allocate_within_limits(struct __sk_buff *skb,
                                                                   const struct packet *pkt,
                                                                   struct way *way)
{
    enum allocate_result result;
    __u32 place;

    if (!within_rate(&pkt->source, pkt->protocol))
        return ALLOCATE_RATE;
    place = take_place(skb, pkt, &pkt->source);
    if (place == PLACE_NONE)
        return ALLOCATE_SESSIONS;
    result = allocate(skb, pkt, way);
    if (result != ALLOCATE_CREATED)
        return_place(pkt, &pkt->source, place);
    return result;
}

#endif

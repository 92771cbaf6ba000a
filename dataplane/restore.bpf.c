// SPDX-License-Identifier: GPL-2.0-only
/*
 * `ctgate restore`: mappings and external ports of saved sessions come back by the same stages that
 * made them, so whatever new sessions are given out meanwhile cannot be in the way. Run by
 * BPF_PROG_TEST_RUN, whose packet sits on the loopback device of the caller's network namespace;
 * attached nowhere. Shares the gateway's maps. Each program returns enum ctgate_restored.
 *
 * The sweep of a port space may so be one of this object: it is the same code.
 */
#include "kernel.h"

#include "allocate.h"
#include "ctgate/restore.h"

struct ctgate_restore_request request = {};

/* As if a packet went from the internal endpoint to the remote one. */
static __always_inline void describe(struct packet *pkt, struct way *way)
{
    pkt->source = request.internal;
    pkt->source_port = request.internal_port;
    pkt->destination = request.remote;
    pkt->destination_port = request.remote_port;
    pkt->family = AF_INET;
    pkt->protocol = request.protocol;
    way->ifindex = request.ifindex;
    way->to.source.address = request.external;
    way->to.source.port = request.external_port;
}

/* The first packet of the session, whose host's places are asked for. */
static __always_inline void describe_first(struct packet *pkt)
{
    pkt->source = request.first.source;
    pkt->source_port = request.first.source_port;
    pkt->destination = request.first.destination;
    pkt->destination_port = request.first.destination_port;
    pkt->family = AF_INET;
    pkt->protocol = request.protocol;
}

/* The block of the port becomes the host's, with the port, if it is free; as take_block() does
 * it. */
static __always_inline bool take_that_block(struct ctgate_port_set *set,
                                            const struct ctgate_address *host, __be16 port)
{
    struct ctgate_port_block *block = block_of(set, port_number(port));
    bool claimed;

    if (__sync_val_compare_and_swap(&block->state, CTGATE_BLOCK_FREE, CTGATE_BLOCK_UNSETTLED) !=
        CTGATE_BLOCK_FREE)
        return false;
    block->host = *host;
    claimed = claim(set, port);
    __sync_lock_test_and_set(&block->state, CTGATE_BLOCK_OWNED);
    count(CTGATE_COUNT_BLOCK_TAKEN);
    return claimed;
}

static __always_inline enum ctgate_restored claim_in_block(struct ctgate_port_set *set,
                                                           const struct ctgate_address *host,
                                                           __be16 port)
{
    struct ctgate_port_block *block = block_of(set, port_number(port));

    if (is_owner(block, block->state, host)) {
        if (!claim(set, port))
            return CTGATE_RESTORE_IN_USE;
        if (keep(block_of(set, port_number(port)), host))
            return CTGATE_RESTORE_DONE;
        give_back(set, port);
        return CTGATE_RESTORE_BLOCK;
    }
    return take_that_block(set, host, port) ? CTGATE_RESTORE_DONE : CTGATE_RESTORE_BLOCK;
}

/* Is this the block that the host's address leads to? Global: its stack is its own. */
__noinline bool is_computed_block(const struct packet *pkt, __u32 ifindex,
                                  const struct endpoint *external, __u32 order)
{
    struct way way = {.ifindex = ifindex};

    if (!pkt || !external)
        return false;
    return compute_block(pkt, &way) == CHOICE_COMPUTED &&
           same_address(&way.to.source.address, &external->address) &&
           way.block == port_number(external->port) >> order % PORT_BITS;
}

/* This very port, claimed for the internal endpoint. Global, like the next: verified once. */
__noinline enum ctgate_restored claim_saved(const struct packet *pkt, const struct way *way)
{
    struct ctgate_port_space space = {};
    struct endpoint external = {};
    struct ctgate_port_set *set;
    struct ctgate_address host;

    if (!pkt || !way)
        return CTGATE_RESTORE_NO_PORTS;
    external = way->to.source;
    space_of(&external.address, pkt->protocol, &space);
    set = port_set(&space);
    if (!set || !external.port)
        return CTGATE_RESTORE_NO_PORTS;
    if (set->block_order && !set->computed) {
        host = pkt->source;
        return claim_in_block(set, &host, external.port);
    }
    if (set->block_order && !is_computed_block(pkt, way->ifindex, &external, set->block_order))
        return CTGATE_RESTORE_BLOCK;
    return claim(set, external.port) ? CTGATE_RESTORE_DONE : CTGATE_RESTORE_IN_USE;
}

static __always_inline enum ctgate_restored opened(enum choice choice)
{
    switch (choice) {
    case CHOICE_FRESH:
        return CTGATE_RESTORE_DONE;
    case CHOICE_QUOTA:
        return CTGATE_RESTORE_PORT_QUOTA;
    case CHOICE_MAPPINGS_FULL:
        return CTGATE_RESTORE_TABLES_FULL;
    case CHOICE_NO_ADDRESS:
        return CTGATE_RESTORE_NO_PORTS;
    case CHOICE_AGAIN:
        return CTGATE_RESTORE_LOCAL;
    case CHOICE_OWN:
    case CHOICE_KNOWN:
    case CHOICE_SHARED:
    case CHOICE_UNKNOWN:
    case CHOICE_BLOCKS:
    case CHOICE_COMPUTED:
    case CHOICE_OUTSIDE:
    case CHOICE_EXHAUSTED:
        break;
    }
    return CTGATE_RESTORE_IN_USE;
}

static __always_inline struct ctgate_port_slot *requested_slot(void)
{
    struct ctgate_port_space space = {};

    space_of(&request.external, request.protocol, &space);
    return port_slot(&space, request.external_port);
}

/* A claimed port that has no mapping: it is given to nobody while it rests; or, shared, to all. */
static __always_inline void occupy(struct ctgate_port_slot *slot, const struct packet *pkt,
                                   __u32 ifindex, __u32 seconds, enum ctgate_port_state state)
{
    struct ctgate_mapping_key key = {};
    struct ctgate_port_space space = {};

    mapping_key_of(&pkt->source, pkt->source_port, pkt->protocol, ifindex, &key);
    fill_slot(slot, &key, &pkt->destination, seconds_now() + seconds, state);
    space_of(&request.external, request.protocol, &space);
    start_sweep(&space);
}

/* Several internal endpoints may have it, whoever they are. */
static __always_inline enum ctgate_restored restore_shared(const struct packet *pkt,
                                                           const struct way *way)
{
    struct ctgate_port_slot *slot = requested_slot();
    enum ctgate_restored claimed;

    if (!slot)
        return CTGATE_RESTORE_NO_PORTS;
    claimed = claim_saved(pkt, way);
    if (claimed != CTGATE_RESTORE_DONE)
        return claimed == CTGATE_RESTORE_IN_USE && slot->state == CTGATE_PORT_SHARED
                   ? CTGATE_RESTORE_THERE
                   : claimed;
    occupy(slot, pkt, way->ifindex, request.held, CTGATE_PORT_SHARED);
    return CTGATE_RESTORE_DONE;
}

static __always_inline enum ctgate_restored restore_single(struct __sk_buff *skb,
                                                           const struct packet *pkt,
                                                           struct way *way)
{
    struct ctgate_port_slot *slot = requested_slot();
    struct ctgate_mapping_key key = {};
    struct ctgate_port_space space = {};
    const __u32 now = seconds_now();
    enum ctgate_restored result;

    if (!slot)
        return CTGATE_RESTORE_NO_PORTS;
    if (choose_known(pkt, way) == CHOICE_KNOWN)
        return way->to.source.port == request.external_port &&
                       same_address(&way->to.source.address, &request.external)
                   ? CTGATE_RESTORE_THERE
                   : CTGATE_RESTORE_OTHER;
    way->to.source.address = request.external;
    way->to.source.port = request.external_port;
    result = claim_saved(pkt, way);
    if (result != CTGATE_RESTORE_DONE)
        return result;
    result = opened(open_mapping(skb, pkt, way));
    if (result != CTGATE_RESTORE_DONE)
        return result;
    count(CTGATE_COUNT_MAPPING_CREATED);
    slot->held_until = now + request.held;
    slot->mapped_until = now + request.mapped;
    if (is_listening()) {
        space_of(&request.external, request.protocol, &space);
        mapping_key_of(&pkt->source, pkt->source_port, pkt->protocol, way->ifindex, &key);
        tell_mapping(CTGATE_EVENT_MAPPING_CREATED, &key, &space, request.external_port, 0);
    }
    return CTGATE_RESTORE_DONE;
}

SEC("tc")
int restore_mapping(struct __sk_buff *skb)
{
    struct ctgate_port_space space = {};
    const struct ctgate_port_set *set;
    struct packet pkt = {};
    struct way way = {};

    describe(&pkt, &way);
    space_of(&request.external, request.protocol, &space);
    set = port_set(&space);
    if (!set)
        return CTGATE_RESTORE_NO_PORTS;
    if (!may_be_given(set, request.external_port))
        return CTGATE_RESTORE_NOT_ALLOWED;
    return request.internal_port ? restore_single(skb, &pkt, &way) : restore_shared(&pkt, &way);
}

/* The mapping has sent there. */
SEC("tc")
int restore_contact(struct __sk_buff *skb)
{
    struct ctgate_port_slot *slot = requested_slot();
    struct endpoint external = {};
    struct endpoint remote = {};

    if (!slot || slot->state != CTGATE_PORT_MAPPED)
        return CTGATE_RESTORE_NO_PORTS;
    external.address = request.external;
    external.port = request.external_port;
    remote.address = request.remote;
    remote.port = request.remote_port;
    note_contact(slot, &external, request.protocol, &remote);
    return CTGATE_RESTORE_DONE;
}

static __always_inline bool is_requested(const struct ctgate_port_slot *slot)
{
    return slot->internal_port == request.internal_port &&
           same_address(&slot->internal, &request.internal);
}

/* What has begun as if to the router itself, while no session was known here. */
static __always_inline enum ctgate_restored clear_way(struct __sk_buff *skb,
                                                      const struct packet *pkt,
                                                      const struct way *way)
{
    struct endpoint external = way->to.source;
    struct endpoint remote = {};

    destination_of(pkt, &remote);
    if (is_local(skb, pkt->protocol, &remote, &external))
        return CTGATE_RESTORE_LOCAL;
    if (holder_of(skb, pkt->protocol, &remote, &external) == HOLDER_STRAY)
        end_entry(skb, pkt->protocol, &remote, &external);
    return CTGATE_RESTORE_DONE;
}

/* The external port of a session that is about to be restored is nobody else's for a while, nor
 * becomes so. */
SEC("tc")
int hold_port(struct __sk_buff *skb)
{
    struct ctgate_port_slot *slot = requested_slot();
    enum ctgate_restored result;
    struct packet pkt = {};
    struct way way = {};

    describe(&pkt, &way);
    if (!slot)
        return CTGATE_RESTORE_NO_PORTS;
    result = clear_way(skb, &pkt, &way);
    if (result != CTGATE_RESTORE_DONE)
        return result;
    result = claim_saved(&pkt, &way);
    if (result == CTGATE_RESTORE_DONE) {
        occupy(slot, &pkt, way.ifindex, request.held, CTGATE_PORT_RESTING);
        return CTGATE_RESTORE_DONE;
    }
    switch (slot->state) {
    case CTGATE_PORT_FORWARDED:
    case CTGATE_PORT_SHARED:
        break;
    case CTGATE_PORT_MAPPED:
        if (!is_requested(slot) && !request.overlapping)
            return CTGATE_RESTORE_IN_USE;
        break;
    case CTGATE_PORT_RESTING:
        if (!is_requested(slot))
            return CTGATE_RESTORE_IN_USE;
        break;
    default: /* not claimed: a block of another host; or just being given out */
        return result;
    }
    if (slot->state != CTGATE_PORT_FORWARDED)
        extend(&slot->held_until, seconds_now() + request.held);
    return CTGATE_RESTORE_DONE;
}

/* The session is there. */
SEC("tc")
int keep_port(struct __sk_buff *skb)
{
    struct ctgate_port_slot *slot = requested_slot();

    if (!slot || slot->state == CTGATE_PORT_FREE || slot->state == CTGATE_PORT_FORWARDED)
        return CTGATE_RESTORE_DONE;
    extend(&slot->held_until, seconds_now() + request.held);
    if (request.mapped)
        extend(&slot->mapped_until, seconds_now() + request.mapped);
    if (request.sessions)
        __sync_fetch_and_add(&slot->sessions, request.sessions);
    return CTGATE_RESTORE_DONE;
}

/* A place of the session's host, where the number of its sessions is limited. */
SEC("tc")
int take_saved_place(struct __sk_buff *skb)
{
    struct ctgate_address host = request.internal;
    struct packet pkt = {};

    describe_first(&pkt);
    request.place = take_place(skb, &pkt, &host);
    return request.place == PLACE_NONE ? CTGATE_RESTORE_SESSION_QUOTA : CTGATE_RESTORE_DONE;
}

/* The session did not come about. */
SEC("tc")
int return_saved_place(struct __sk_buff *skb)
{
    struct ctgate_address host = request.internal;
    struct packet pkt = {};

    describe_first(&pkt);
    return_place(&pkt, &host, request.place);
    return CTGATE_RESTORE_DONE;
}

char LICENSE[] SEC("license") = "GPL";

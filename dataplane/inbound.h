/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose is an external endpoint that a packet without session is addressed to, and may the packet
 * go there? It comes from outside, or from an internal host (hairpinning).
 */
#ifndef CTGATE_INBOUND_H
#define CTGATE_INBOUND_H

#include "local.h"
#include "mapping.h"

enum inbound_result {
    INBOUND_STACK = 0x70, /* nobody's behind us: the router's own, or unsolicited */
    INBOUND_ADMITTED,
    INBOUND_FILTERED, /* a mapping is there, but its filtering does not let this remote in */
    INBOUND_REFUSED,  /* a port forward is there, but not for this remote */
};

static __always_inline bool may_access(__u32 access, const struct ctgate_address *remote)
{
    struct ctgate_access_key key = {
        .prefix_length = 32 + 8 * sizeof(struct ctgate_address),
        .access = bpf_htonl(access),
        .remote = *remote,
    };
    const __u32 *allowed;

    if (!access)
        return true;
    allowed = bpf_map_lookup_elem(&forward_access, &key);
    return allowed && *allowed;
}

/* RFC 4787 REQ-8, RFC 5382 REQ-3. */
static __always_inline bool passes_filter(const struct ctgate_port_slot *slot,
                                          const struct endpoint *external, __u8 protocol,
                                          const struct endpoint *remote)
{
    struct endpoint sender = *remote;

    if (seconds_now() > slot->mapped_until)
        return false;
    switch (behaviour_of(&slot->internal, protocol).filtering) {
    case CTGATE_ENDPOINT_INDEPENDENT:
        return true;
    case CTGATE_ADDRESS_DEPENDENT:
        sender.port = 0;
        return has_contact(slot, external, protocol, &sender);
    default: /* from outside, sessions that are there need no filter */
        return sender.port && has_contact(slot, external, protocol, &sender);
    }
}

/* `remote`: the sender as it would be seen outside. `internal`: when admitted, where it is to go.
 */
static __always_inline enum inbound_result inbound(struct __sk_buff *skb, __u8 protocol,
                                                   const struct endpoint *remote,
                                                   const struct endpoint *external,
                                                   struct endpoint *internal)
{
    const struct ctgate_address_use *use = bpf_map_lookup_elem(&addresses, &external->address);
    const struct ctgate_settings *settings = configured();
    struct ctgate_port_space space = {};
    struct ctgate_port_slot *slot;

    if (!use || use->role < CTGATE_ADDRESS_EXTERNAL)
        return INBOUND_STACK;
    internal->port = external->port;
    if (use->role == CTGATE_ADDRESS_ONE_TO_ONE) {
        internal->address = use->internal;
        return INBOUND_ADMITTED;
    }
    space_of(&external->address, protocol, &space);
    slot = port_slot(&space, external->port);
    if (!slot)
        return INBOUND_STACK;
    internal->address = slot->internal;
    internal->port = slot->internal_port;
    if (slot->state == CTGATE_PORT_FORWARDED)
        return may_access(slot->access, &remote->address) ? INBOUND_ADMITTED : INBOUND_REFUSED;
    if (slot->state == CTGATE_PORT_MAPPED && passes_filter(slot, external, protocol, remote))
        return INBOUND_ADMITTED;
    if (is_local(skb, protocol, remote, external))
        return INBOUND_STACK;
    if (slot->state == CTGATE_PORT_MAPPED)
        return INBOUND_FILTERED;
    if (!settings || !settings->dmz.words[0])
        return INBOUND_STACK;
    internal->address = settings->dmz;
    internal->port = external->port;
    return INBOUND_ADMITTED;
}

/* The same for a packet from outside. `internal`: zero before. Global: its stack is its own, and
 * the verifier takes the pointers for possibly NULL. */
__noinline enum inbound_result inbound_from_outside(struct __sk_buff *skb, const struct packet *pkt,
                                                    struct endpoint *internal)
{
    struct endpoint external = {};
    struct endpoint remote = {};
    struct endpoint to = {};
    enum inbound_result result;

    if (!pkt || !internal)
        return INBOUND_STACK;
    source_of(pkt, &remote);
    destination_of(pkt, &external);
    result = inbound(skb, pkt->protocol, &remote, &external, &to);
    tell(CTGATE_STAGE_INBOUND, result);
    *internal = to;
    return result;
}

/* The port of a mapping has one more session; it was opened from outside, or by another internal
 * host. */
static __always_inline void note_inbound(const struct packet *pkt)
{
    struct ctgate_port_space space = {};
    struct ctgate_port_slot *slot;

    space_of(&pkt->destination, pkt->protocol, &space);
    slot = port_slot(&space, pkt->destination_port);
    if (slot && slot->state == CTGATE_PORT_MAPPED)
        begin_session(slot, pkt->protocol, false);
}

#endif

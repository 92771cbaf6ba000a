/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session that the kernel's own NAT has made, such as a TCP connection that it met in its midst
 * after the external address was gone for a while: its port is nobody's, and is not given to
 * anybody else while the session goes on (RFC 4787 REQ-2: no port overloading).
 */
#ifndef CTGATE_HOLD_H
#define CTGATE_HOLD_H

#include "mapping.h"
#include "ports.h"
#include "sweep.h"
#include "timeout.h"

/* Of a packet from inside. Global: verified once, with a stack of its own. */
__noinline int hold_port_of(const struct packet *pkt, const struct session *session)
{
    const struct ctgate_settings *settings = configured();
    struct ctgate_port_space space = {};
    struct ctgate_mapping_key key = {};
    struct ctgate_port_slot *slot;
    struct ctgate_port_set *set;

    if (!pkt || !session || !settings)
        return 0;
    space_of(&session->external.address, pkt->protocol, &space);
    slot = port_slot(&space, session->external.port);
    set = port_set(&space);
    if (!slot || !set || set->block_order || !claim_allowed(set, session->external.port))
        return 0;
    mapping_key_of(&pkt->source, pkt->source_port, pkt->protocol, 0, &key);
    fill_slot(slot, &key, &pkt->destination,
              seconds_now() + timeout_of(settings, pkt, session->tcp_state), CTGATE_PORT_RESTING);
    start_sweep(&space);
    return 0;
}

/* A packet from inside keeps its mapping; or, where it has none, at least the port. */
static __always_inline void keep_session(const struct packet *pkt, const struct session *session)
{
    if (refresh(pkt, session, true))
        hold_port_of(pkt, session);
}

#endif

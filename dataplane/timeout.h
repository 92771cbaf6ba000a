/* SPDX-License-Identifier: GPL-2.0-only */
/* How long a slot's port stays mapped, and in use, after which packet. */
#ifndef CTGATE_TIMEOUT_H
#define CTGATE_TIMEOUT_H

#include "behaviour.h"
#include "clock.h"
#include "packet.h"
#include "ports.h"
#include "ctgate/session_cache.h"

static __always_inline __u32 transitory_timeout(const struct ctgate_settings *settings,
                                                __u8 protocol)
{
    return protocol == IPPROTO_TCP ? settings->tcp_transitory_timeout : settings->udp_timeout;
}

/* The stack sees the packet after us, so the one that ends the handshake finds SYN_RECV. */
static __always_inline __u32 timeout_of(const struct ctgate_settings *settings,
                                        const struct packet *pkt, __u8 tcp_state)
{
    const bool established =
        tcp_state == TCP_CONNTRACK_ESTABLISHED ||
        (tcp_state == TCP_CONNTRACK_SYN_RECV && !(pkt->tcp_flags & TCP_FLAG_SYN_BIT));

    return pkt->protocol == IPPROTO_TCP && established
               ? settings->tcp_established_timeout
               : transitory_timeout(settings, pkt->protocol);
}

/* For a port that was just given out. */
static __always_inline __u32 first_until(__u8 protocol)
{
    const struct ctgate_settings *settings = configured();

    return seconds_now() + (settings ? transitory_timeout(settings, protocol) : 0);
}

/* Written once a second at most, so that a port's sessions on several CPUs do not fight for it. */
static __always_inline void extend(__u32 *until, __u32 later)
{
    if (*until < later)
        *until = later;
}

/* Outbound packets keep the mapping (RFC 4787 REQ-6), inbound ones at least the port. */
static __always_inline void keep_until(struct ctgate_port_slot *slot,
                                       const struct ctgate_settings *settings, __u32 until,
                                       bool outbound)
{
    extend(&slot->held_until, until);
    if (outbound || settings->inbound_refresh)
        extend(&slot->mapped_until, until);
}

static __always_inline void begin_session(struct ctgate_port_slot *slot, __u8 protocol,
                                          bool outbound)
{
    const struct ctgate_settings *settings = configured();

    if (!settings)
        return;
    if (protocol == IPPROTO_TCP)
        __sync_fetch_and_add(&slot->sessions, 1);
    keep_until(slot, settings, seconds_now() + transitory_timeout(settings, protocol), outbound);
}

/* The first FIN or RST of a session, whoever sends it: repeated ones find another state. */
static __always_inline bool begins_close(const struct packet *pkt, __u8 tcp_state)
{
    return pkt->protocol == IPPROTO_TCP &&
           (pkt->tcp_flags & (TCP_FLAG_FIN_BIT | TCP_FLAG_RST_BIT)) &&
           (tcp_state == TCP_CONNTRACK_SYN_SENT || tcp_state == TCP_CONNTRACK_SYN_RECV ||
            tcp_state == TCP_CONNTRACK_ESTABLISHED);
}

/* With its last open session a mapping becomes transitory. An idle session that was not seen to
 * close keeps it for as long as conntrack keeps the session. */
static __always_inline void close_session(struct ctgate_port_slot *slot,
                                          const struct ctgate_settings *settings)
{
    const __u32 until = seconds_now() + settings->tcp_transitory_timeout;

    if (slot->sessions > 1) {
        __sync_fetch_and_add(&slot->sessions, -1);
        return;
    }
    slot->sessions = 0;
    if (slot->held_until > until)
        slot->held_until = until;
    if (slot->mapped_until > until)
        slot->mapped_until = until;
}

/* Hairpinning: the other internal host's external endpoint, which the packet was sent to, has one
 * session less too. */
static __always_inline void close_other_end(const struct packet *pkt,
                                            const struct ctgate_settings *settings)
{
    struct ctgate_port_space space = {};
    struct ctgate_port_slot *slot;

    space_of(&pkt->destination, pkt->protocol, &space);
    slot = port_slot(&space, pkt->destination_port);
    if (slot && slot->state == CTGATE_PORT_MAPPED)
        close_session(slot, settings);
}

/* A packet of a known session; 1: nobody holds its port. RFC 7857 section 8: a reset from inside
 * refreshes nothing. Global: its stack is its own, and the verifier takes the pointers for possibly
 * NULL. */
__noinline int refresh(const struct packet *pkt, const struct session *session, bool outbound)
{
    const struct ctgate_settings *settings = configured();
    struct ctgate_port_space space = {};
    struct ctgate_port_slot *slot;

    if (!pkt || !session || !session->external.port || !settings)
        return 0;
    space_of(&session->external.address, pkt->protocol, &space);
    slot = port_slot(&space, session->external.port);
    if (!slot || slot->state == CTGATE_PORT_FORWARDED)
        return 0;
    if (slot->state == CTGATE_PORT_FREE)
        return 1;
    if (begins_close(pkt, session->tcp_state)) {
        /* From outside it may be forged, or wrong, again and again, which conntrack alone would
         * see (RFC 5961): other sessions do not pay for that, their port is kept longer. */
        if (outbound || slot->sessions <= 1)
            close_session(slot, settings);
        if (outbound)
            close_other_end(pkt, settings);
    } else if (!(pkt->tcp_flags & TCP_FLAG_RST_BIT)) {
        keep_until(slot, settings,
                   seconds_now() + timeout_of(settings, pkt, session->tcp_state) +
                       (settings->short_path ? CTGATE_CACHE_SECONDS : 0),
                   outbound);
    }
    return 0;
}

#endif

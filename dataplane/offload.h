/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions that may go by the short path, as their conntrack entry has them. What the stack would
 * have done with a packet is done here: the entry's time is set anew, and a session that goes on is
 * noted as one to be kept when the table is full.
 */
#ifndef CTGATE_OFFLOAD_H
#define CTGATE_OFFLOAD_H

#include "explain.h"
#include "kernel.h"
#include "packet.h"
#include "session_cache.h"

/* The host's firewall has let its first packet out. */
static __always_inline bool is_accepted(const struct nf_conn *ct)
{
    return ct->mark & accepted_mark;
}

/* Both ends have been heard, the host's firewall agrees, and no code of the kernel's own has to see
 * each packet. */
static __always_inline bool is_offloadable(const struct nf_conn *ct, __u8 protocol)
{
    return is_accepted(ct) && ct->status & IPS_SEEN_REPLY &&
           ct->status & (IPS_SRC_NAT | IPS_DST_NAT) &&
           !(ct->status & (IPS_SEQ_ADJUST | IPS_HELPER)) &&
           (protocol != IPPROTO_TCP || ct->proto.tcp.state == TCP_CONNTRACK_ESTABLISHED);
}

/* The inverse of the entry's other tuple: right for either direction, and for hairpinning. */
static __always_inline void translation_of(const struct nf_conn *ct, __u8 direction,
                                           struct translated *translated)
{
    if (direction == IP_CT_DIR_ORIGINAL) {
        translated->source = ct->tuplehash[1].tuple.dst.u3.all[0];
        translated->source_port = ct->tuplehash[1].tuple.dst.u.all;
        translated->destination = ct->tuplehash[1].tuple.src.u3.all[0];
        translated->destination_port = ct->tuplehash[1].tuple.src.u.all;
    } else {
        translated->source = ct->tuplehash[0].tuple.dst.u3.all[0];
        translated->source_port = ct->tuplehash[0].tuple.dst.u.all;
        translated->destination = ct->tuplehash[0].tuple.src.u3.all[0];
        translated->destination_port = ct->tuplehash[0].tuple.src.u.all;
    }
}

static __always_inline void keep_alive(struct nf_conn *ct, __u8 protocol,
                                       const struct ctgate_settings *settings)
{
    const __u32 seconds =
        protocol == IPPROTO_TCP ? settings->tcp_established_timeout : settings->udp_timeout;
    const __u32 status = ct->status;

    if (explaining)
        return;
    bpf_ct_change_timeout(ct, (seconds + CTGATE_CACHE_SECONDS) * 1000);
    if (!(status & IPS_ASSURED))
        bpf_ct_change_status(ct, status | IPS_ASSURED);
}

/* A packet of an offloadable session, whose entry this is. */
static __always_inline void offload(const struct packet *pkt, struct nf_conn *ct, __u8 direction,
                                    struct session *session)
{
    const struct ctgate_settings *settings = configured();

    if (!settings || !settings->short_path || !may_take_short_path(pkt))
        return;
    translation_of(ct, direction, &session->translated);
    keep_alive(ct, pkt->protocol, settings);
}

#endif

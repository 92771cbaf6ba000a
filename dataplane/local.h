/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports of the router's own sockets. The control plane keeps them out of the port sets as it sees
 * them; this is what is true at this moment. */
#ifndef CTGATE_LOCAL_H
#define CTGATE_LOCAL_H

#include "entry.h"

/* A socket of the router would take a packet from `remote` to `external`. */
static __always_inline bool is_local(struct __sk_buff *skb, __u8 protocol,
                                     const struct endpoint *remote, const struct endpoint *external)
{
    struct ipv4_tuple tuple = {};
    struct bpf_sock_tuple *key = (struct bpf_sock_tuple *)&tuple;
    struct bpf_sock *socket;

    fill_tuple(&tuple, remote, external);
    socket = protocol == IPPROTO_TCP
                 ? bpf_sk_lookup_tcp(skb, key, sizeof(tuple), BPF_F_CURRENT_NETNS, 0)
                 : bpf_sk_lookup_udp(skb, key, sizeof(tuple), BPF_F_CURRENT_NETNS, 0);
    if (!socket)
        return false;
    bpf_sk_release(socket);
    return true;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* What `ctgate lookup` asks its BPF program, and what that answers. */
#ifndef CTGATE_LOOKUP_REQUEST_H
#define CTGATE_LOOKUP_REQUEST_H

#include <linux/types.h>

#include "ctgate/layout.h"

/* Addresses and ports in network byte order. */
struct ctgate_lookup_tuple {
    __be32 source;
    __be32 destination;
    __be16 source_port;
    __be16 destination_port;
};
CTGATE_LAYOUT(struct ctgate_lookup_tuple, 4 + 4 + 2 + 2);

struct ctgate_lookup_request {
    struct ctgate_lookup_tuple tuple;
    __s32 netns_id; /* BPF_F_CURRENT_NETNS, or as numbered by the namespace that asks */
    __u8 protocol;  /* IPPROTO_TCP or IPPROTO_UDP */
    __u8 reserved[3];
};
CTGATE_LAYOUT(struct ctgate_lookup_request, sizeof(struct ctgate_lookup_tuple) + 4 + 1 + 3);

struct ctgate_lookup_answer {
    __s32 error;   /* negative errno of bpf_skb_ct_lookup; 0: the rest is valid */
    __s32 timeout; /* jiffies left; below 0 when the entry has just expired */
    __u64 status;  /* IPS_* */
    __u32 mark;
    __u8 direction; /* enum ip_conntrack_dir of the tuple that was asked for */
    __u8 tcp_state; /* enum tcp_conntrack */
    __u8 reserved[2];
    struct ctgate_lookup_tuple tuples[2]; /* original and reply */
};
CTGATE_LAYOUT(struct ctgate_lookup_answer,
              4 + 4 + 8 + 4 + 1 + 1 + 2 + 2 * sizeof(struct ctgate_lookup_tuple));

#endif

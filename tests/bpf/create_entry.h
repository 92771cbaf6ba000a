/* SPDX-License-Identifier: GPL-2.0-only */
/* What create_entry.bpf.c is told, and what it answers. */
#ifndef CTGATE_CREATE_ENTRY_H
#define CTGATE_CREATE_ENTRY_H

#include <linux/types.h>

/* Addresses and ports in network byte order, except translated ports: host byte order, as
 * bpf_ct_set_nat_info takes them. */
struct create_entry_input {
    __be32 source;
    __be32 destination;
    __be16 source_port;
    __be16 destination_port;
    __be32 translated_source;      /* 0: no source NAT */
    __be32 translated_destination; /* 0: no destination NAT */
    __u16 translated_source_port;
    __u16 translated_destination_port;
    __u32 mark;
    __u32 timeout; /* milliseconds */
    __u32 status;  /* IPS_SEEN_REPLY, IPS_ASSURED, IPS_FIXED_TIMEOUT */
    __u8 protocol;
    __u8 padding[3];
};

struct create_entry_output {
    __s32 error; /* negative errno, -EEXIST when the insert failed */
};

#endif

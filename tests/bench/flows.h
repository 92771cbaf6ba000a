/* SPDX-License-Identifier: GPL-2.0-only */
/* What the generator sends, as its BPF half and its C++ half see it. */
#ifndef CTGATE_BENCH_FLOWS_H
#define CTGATE_BENCH_FLOWS_H

#include <linux/types.h>

/* Flow N goes from port BENCH_FIRST_PORT + N % BENCH_PORTS to the remote address N / BENCH_PORTS
 * after BENCH_FIRST_REMOTE. So that up to BENCH_PORTS flows have an internal endpoint each, which
 * one external address has room for, and more flows share them. */
#define BENCH_FIRST_PORT 2000u
#define BENCH_PORTS 60000u
#define BENCH_FIRST_REMOTE 0xc6120001u /* 198.18.0.1, of the network for benchmarks (RFC 2544) */
#define BENCH_REMOTE_PORT 9u           /* discard */

/* 64 bytes on a wire, where a checksum of 4 bytes follows. */
#define BENCH_FRAME_LENGTH 60
#define BENCH_HEADER_LENGTH 42 /* Ethernet, IPv4, UDP */

struct bench_plan {
    __u8 header[BENCH_HEADER_LENGTH + 2]; /* of each packet, but for what its flow says */
    __u32 ip_sum;                         /* of the IPv4 header without destination address */
    __u32 udp_sum; /* of UDP and pseudo header without source port, destination address */
    __u32 ifindex; /* where to send it */
    __u32 first;   /* flows first .. first + flows - 1, one after the other */
    __u32 flows;
    __u32 next; /* counted from `first` */
};

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the dataplane tells of as it happens: records in the ring buffer `events`, written only
 * while somebody listens. The ring has one consumer at a time: whoever holds the lock "events.lock"
 * in the run directory.
 *
 * That sessions end, no program sees; the control plane finds it out from conntrack.
 */
#ifndef CTGATE_EVENTS_H
#define CTGATE_EVENTS_H

#include <linux/types.h>

#include "ctgate/layout.h"
#include "ctgate/pool.h"

/* X(IDENTIFIER, "name"). Names are stable once released. */
#define CTGATE_EVENTS(X)                                                                           \
    X(MAPPING_CREATED, "mapping_created")                                                          \
    X(MAPPING_ENDED, "mapping_ended")                                                              \
    X(SESSION_CREATED, "session_created")                                                          \
    X(REFUSED, "refused")                                                                          \
    X(BLOCK_TAKEN, "block_taken")                                                                  \
    X(BLOCK_RELEASED, "block_released")

#define CTGATE_EVENT_ENTRY(id, name) CTGATE_EVENT_##id,
enum ctgate_event_kind { CTGATE_EVENTS(CTGATE_EVENT_ENTRY) CTGATE_EVENT_MAX };
#undef CTGATE_EVENT_ENTRY

/* Network byte order. */
struct ctgate_event_end {
    struct ctgate_address address;
    __be16 port;
    __u16 reserved;
};
CTGATE_LAYOUT(struct ctgate_event_end, sizeof(struct ctgate_address) + 2 + 2);

/* One record. Of a packet: its two endpoints as it came, and what they become (port 0: as they
 * are). Of a mapping or a port block: internal endpoint, or host, as source; external endpoint, or
 * the block's first port, as new source; the rest zero. */
struct ctgate_event {
    __u64 time; /* CLOCK_MONOTONIC, ns */
    struct ctgate_event_end source;
    struct ctgate_event_end destination;
    struct ctgate_event_end new_source;
    struct ctgate_event_end new_destination;
    __u32 left_out; /* REFUSED: so many more for that reason were not told of before this one */
    __u16 reason;   /* REFUSED: enum ctgate_counter, why */
    __u16 ports;    /* BLOCK_*: how many the block has */
    __u8 kind;      /* enum ctgate_event_kind */
    __u8 protocol;  /* IPPROTO_TCP or IPPROTO_UDP */
    __u8 shared;    /* SESSION_CREATED: 1: others may have the same external endpoint */
    __u8 reserved[5];
};
CTGATE_LAYOUT(struct ctgate_event,
              8 + 4 * sizeof(struct ctgate_event_end) + 4 + 2 + 2 + 1 + 1 + 1 + 5);

/* Bytes of the ring. A power of two, and whole pages. */
#define CTGATE_EVENT_RING (1u << 20)

/* The only value of `listening`: events are written until then. Whoever listens moves it on each
 * second, so that one who was killed is forgotten. CLOCK_MONOTONIC, ns; 0: nobody listens. */
struct ctgate_listening {
    __u64 until; /* control plane; the dataplane makes it 0 once it is over, atomically */
};
CTGATE_LAYOUT(struct ctgate_listening, 8);

/* Value of `refusal_rates`, index: enum ctgate_counter. A flood of what is refused must not push
 * everything else out of the ring. */
struct ctgate_refusal_rate {
    __u32 second;   /* of the last refusal; CLOCK_MONOTONIC */
    __u32 told;     /* in that second */
    __u32 left_out; /* since the last one that was told of */
    __u32 reserved;
};
CTGATE_LAYOUT(struct ctgate_refusal_rate, 4 * sizeof(__u32));

#define CTGATE_REFUSALS_PER_SECOND 50 /* told of, for one reason, on all CPUs together */

#endif

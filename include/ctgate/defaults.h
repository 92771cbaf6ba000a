/* SPDX-License-Identifier: GPL-2.0-only */
/* Defaults and limits, each with the RFC clause or kernel source it comes from. */
#ifndef CTGATE_DEFAULTS_H
#define CTGATE_DEFAULTS_H

/* Seconds. RFC 4787 REQ-5 (at least 2 min), REQ-5c (5 min recommended). */
#define CTGATE_UDP_TIMEOUT 300
/* Seconds. RFC 5382 REQ-5: established idle at least 2 h 4 min. */
#define CTGATE_TCP_ESTABLISHED_TIMEOUT 7440
/* Seconds. RFC 5382 REQ-5, RFC 7857 section 2: transitory (opening, closing, reset) 4 min. */
#define CTGATE_TCP_TRANSITORY_TIMEOUT 240
/* Seconds. RFC 5508 REQ-2: ICMP query at least 60 s. */
#define CTGATE_ICMP_TIMEOUT 60

/* Milliseconds a new entry lives before the stack, which sees the same packet, sets its own
 * timeout. Only an entry whose first packet the host drops ahead of conntrack keeps it. */
#define CTGATE_INITIAL_TIMEOUT_MS 10000

/* Bit of ct->mark that our nft table sets on sessions the host's firewall let through. */
#define CTGATE_ACCEPTED_MARK 0x80000000u

/* Default port range. RFC 4787 REQ-3a: a port from 1024 on gets one of its own class. One below
 * does not, by default: the well-known ports of an external address are the router's own. An
 * operator who wants the recommendation kept for those too gives a range below 1024. */
#define CTGATE_PORT_LOW 1024
#define CTGATE_PORT_HIGH 65535

/* External addresses of one external interface, and port ranges of one external address. */
#define CTGATE_MAX_EXTERNAL_ADDRESSES 32
#define CTGATE_MAX_PORT_RANGES 16
/* Internal and external interfaces together. */
#define CTGATE_MAX_INTERFACES 256

/* Addresses of the router and of its pools together. */
#define CTGATE_MAX_ADDRESSES 4096

/* Candidate external ports tried for one new session before it is dropped. */
#define CTGATE_MAX_PORT_TRIES 128

#endif

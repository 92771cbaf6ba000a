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
#define CTGATE_MAX_PORT_RANGES 64
/* Bits before the identifier of a port set: RFC 7597 section 5.1, which so leaves ports 0-1023 out.
 */
#define CTGATE_PORT_SET_OFFSET 6
/* Internal and external interfaces together. */
#define CTGATE_MAX_INTERFACES 256

/* Addresses of the router and of its pools together. */
#define CTGATE_MAX_ADDRESSES 4096

/* Candidate external ports tried for one new session whose port may be shared. */
#define CTGATE_MAX_PORT_TRIES 128
/* Free external ports tried for one new mapping: one can be in a session that the kernel made. */
#define CTGATE_MAX_CLAIMS 8

/* Seconds. RFC 6888 REQ-8: a port is not given out again for 120 s, unless an older session of it
 * cannot be hurt: TCP, whose close is tracked, and filtering that asks for the remote address. */
#define CTGATE_PORT_REST 120

/* External addresses of all interfaces, times two protocols. */
#define CTGATE_MAX_PORT_SPACES 512
/* Mappings, and remote addresses that they have sent to beyond the first. */
#define CTGATE_MAX_MAPPINGS 1048576
#define CTGATE_MAX_CONTACTS 65536
/* Internal hosts, by protocol, that are counted; of more, those not seen for long are forgotten. */
#define CTGATE_MAX_HOSTS 16384
/* Records of the session cache, two for each session, unless --max-sessions says otherwise. */
#define CTGATE_CACHE_RECORDS (2 * 262144)
/* Prefixes of one kind of option. */
#define CTGATE_MAX_PREFIXES 4096

#endif

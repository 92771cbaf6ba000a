// SPDX-License-Identifier: GPL-2.0-only
/*
 * TC ingress of internal and external interfaces, TC egress of external ones. First packets, and
 * for now all others, go up to the stack, whose nat hooks apply the NAT info of the entry that is
 * made here.
 */
#include "kernel.h"

#include "border.h"
#include "parse.h"
#include "lookup.h"
#include "decide.h"
#include "allocate.h"
#include "forward.h"

static __always_inline int leave(enum parse_result why)
{
    switch (why) {
    case PARSE_BAD_IP:
        return drop(CTGATE_DROP_IP_HEADER);
    case PARSE_BAD_TCP:
        return drop(CTGATE_DROP_TCP_HEADER);
    case PARSE_BAD_UDP:
        return drop(CTGATE_DROP_UDP_HEADER);
    case PARSE_OK:
    case PARSE_MORE:
    case PARSE_STACK:
        break;
    }
    return to_stack(CTGATE_COUNT_NOT_TRANSLATABLE);
}

static __always_inline int new_session(struct __sk_buff *skb, const struct packet *pkt,
                                       const struct ctgate_pool *pool,
                                       const struct endpoint *previous)
{
    if (pkt->protocol == IPPROTO_TCP && !opens_tcp(pkt))
        return to_stack(CTGATE_COUNT_NO_SYN);

    switch (allocate(skb, pkt, pool, previous)) {
    case ALLOCATE_CREATED:
        return to_stack(CTGATE_COUNT_SESSION_CREATED);
    case ALLOCATE_FOUND:
        return to_stack(CTGATE_COUNT_SESSION_HIT);
    case ALLOCATE_NO_ADDRESS:
        return drop(CTGATE_DROP_NO_EXTERNAL_ADDRESS);
    case ALLOCATE_TABLE_FULL:
        return drop(CTGATE_DROP_TABLE_FULL);
    case ALLOCATE_NAT_REFUSED:
        return drop(CTGATE_DROP_NAT_INFO);
    case ALLOCATE_TAKEN:
    case ALLOCATE_EXHAUSTED:
        break;
    }
    return drop(CTGATE_DROP_PORTS_EXHAUSTED);
}

static __always_inline int first_packet(struct __sk_buff *skb, const struct packet *pkt)
{
    const struct endpoint none = {};
    struct ctgate_pool *pool;

    if (decide(skb, pkt, &pool) == DECIDE_STACK)
        return to_stack(CTGATE_COUNT_NOT_OUTBOUND);
    return new_session(skb, pkt, pool, &none);
}

/* Only a session that leaves by an external interface is ours to end: others may have been
 * translated by the host's own rules. */
static __always_inline int replace_session(struct __sk_buff *skb, const struct packet *pkt,
                                           const struct endpoint *previous, enum ctgate_counter why)
{
    struct endpoint internal = {};
    struct endpoint remote = {};
    struct ctgate_pool *pool;

    if (decide(skb, pkt, &pool) == DECIDE_STACK)
        return to_stack(CTGATE_COUNT_SESSION_HIT);
    source_of(pkt, &internal);
    destination_of(pkt, &remote);
    if (!end_entry(skb, pkt->protocol, &internal, &remote))
        return drop(CTGATE_DROP_ENTRY_STUCK);
    count(why);
    return new_session(skb, pkt, pool, previous);
}

static __always_inline int from_internal(struct __sk_buff *skb, __u32 network)
{
    struct endpoint previous = {};
    enum parse_result parsed;
    struct packet pkt;

    count(CTGATE_COUNT_INTERNAL_PACKETS);
    parsed = parse(skb, network, &pkt);
    if (parsed != PARSE_OK)
        return leave(parsed);

    switch (lookup(skb, &pkt, true, &previous)) {
    case LOOKUP_MISS:
        return first_packet(skb, &pkt);
    case LOOKUP_CLOSED:
        return replace_session(skb, &pkt, &previous, CTGATE_COUNT_REOPENED);
    case LOOKUP_UNACCEPTED_REPLIED:
        return replace_session(skb, &pkt, &previous, CTGATE_COUNT_UNACCEPTED_RESTARTED);
    case LOOKUP_UNTRANSLATED:
        return replace_session(skb, &pkt, &previous, CTGATE_COUNT_UNTRANSLATED_RESTARTED);
    case LOOKUP_HIT:
    case LOOKUP_UNACCEPTED_REPLY: /* this and the next: from outside only */
    case LOOKUP_FORGED_ORIGINAL:
        return to_stack(CTGATE_COUNT_SESSION_HIT);
    case LOOKUP_FAILED:
        break;
    }
    return drop(CTGATE_DROP_LOOKUP_FAILED);
}

static __always_inline int from_external(struct __sk_buff *skb, __u32 network)
{
    struct endpoint previous = {};
    enum parse_result parsed;
    struct packet pkt;

    count(CTGATE_COUNT_EXTERNAL_PACKETS);
    if (check_ingress(skb) == BORDER_INTERNAL_DESTINATION)
        return drop(CTGATE_DROP_INTERNAL_DESTINATION);
    parsed = parse(skb, network, &pkt);
    if (parsed != PARSE_OK)
        return leave(parsed);

    switch (lookup(skb, &pkt, false, &previous)) {
    case LOOKUP_MISS:
        return to_stack(CTGATE_COUNT_UNSOLICITED);
    case LOOKUP_UNACCEPTED_REPLY:
        return drop(CTGATE_DROP_UNACCEPTED_REPLY);
    case LOOKUP_FORGED_ORIGINAL:
        return drop(CTGATE_DROP_FORGED_ORIGINAL);
    case LOOKUP_HIT:
    case LOOKUP_CLOSED: /* this and the next two: from inside only */
    case LOOKUP_UNACCEPTED_REPLIED:
    case LOOKUP_UNTRANSLATED:
        return to_stack(CTGATE_COUNT_SESSION_HIT);
    case LOOKUP_FAILED:
        break;
    }
    return drop(CTGATE_DROP_LOOKUP_FAILED);
}

SEC("tc")
int internal_l2(struct __sk_buff *skb)
{
    return from_internal(skb, ETH_HLEN);
}

SEC("tc")
int internal_l3(struct __sk_buff *skb)
{
    return from_internal(skb, 0);
}

SEC("tc")
int external_l2(struct __sk_buff *skb)
{
    return from_external(skb, ETH_HLEN);
}

SEC("tc")
int external_l3(struct __sk_buff *skb)
{
    return from_external(skb, 0);
}

SEC("tc")
int external_egress(struct __sk_buff *skb)
{
    switch (check_egress(skb)) {
    case BORDER_INTERNAL_SOURCE:
        return drop(CTGATE_DROP_INTERNAL_SOURCE);
    case BORDER_OWN_RESET:
        return drop(CTGATE_DROP_OWN_RESET);
    case BORDER_OPEN:
    case BORDER_INTERNAL_DESTINATION: /* ingress only */
        break;
    }
    return pass();
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0-only
/*
 * TC ingress of internal and external interfaces, TC egress of external ones. First packets go up
 * to the stack, whose nat hooks apply the NAT info of the entry that is made here; those of
 * established sessions take the short path.
 */
#include "kernel.h"

#include "border.h"
#include "parse.h"
#include "lookup.h"
#include "decide.h"
#include "allocate.h"
#include "create.h"
#include "inbound.h"
#include "renew.h"
#include "session_cache.h"
#include "translate.h"
#include "forward.h"
#include "hold.h"

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

/* The answer by ICMP is made where packets are forwarded: hairpinned ones come there translated
 * only.
 */
static __always_inline int refuse_session(struct __sk_buff *skb, const struct packet *pkt,
                                          const struct way *way, enum ctgate_refusal why,
                                          enum ctgate_counter reason)
{
    return refuse(skb, pkt, !way->to.destination.port, why, reason);
}

static __always_inline int new_session(struct __sk_buff *skb, const struct packet *pkt,
                                       struct way *way)
{
    if (pkt->protocol == IPPROTO_TCP && !opens_tcp(pkt) && !goes_on(pkt, way))
        return to_stack(CTGATE_COUNT_NO_SYN);

    switch (allocate_within_limits(skb, pkt, way)) {
    case ALLOCATE_CREATED:
        if (is_listening())
            tell_session(pkt, &way->to);
        if (!way->to.destination.port)
            return to_stack(CTGATE_COUNT_SESSION_CREATED);
        note_inbound(pkt);
        return to_stack(CTGATE_COUNT_HAIRPINNED);
    case ALLOCATE_FOUND:
        return to_stack(CTGATE_COUNT_SESSION_HIT);
    case ALLOCATE_NO_ADDRESS:
        return refuse_session(skb, pkt, way, CTGATE_REFUSED_NO_ADDRESS,
                              CTGATE_DROP_NO_EXTERNAL_ADDRESS);
    case ALLOCATE_OUTSIDE_PREFIX:
        return refuse_session(skb, pkt, way, CTGATE_REFUSED_OUTSIDE_PREFIX,
                              CTGATE_DROP_OUTSIDE_PREFIX);
    case ALLOCATE_QUOTA:
        return refuse_session(skb, pkt, way, CTGATE_REFUSED_PORT_QUOTA, CTGATE_DROP_PORT_QUOTA);
    case ALLOCATE_SESSIONS:
        return refuse_session(skb, pkt, way, CTGATE_REFUSED_SESSION_QUOTA,
                              CTGATE_DROP_SESSION_QUOTA);
    case ALLOCATE_RATE:
        return refuse_session(skb, pkt, way, CTGATE_REFUSED_SESSION_RATE, CTGATE_DROP_SESSION_RATE);
    case ALLOCATE_EXHAUSTED:
        return refuse_session(skb, pkt, way, CTGATE_REFUSED_PORTS_EXHAUSTED,
                              CTGATE_DROP_PORTS_EXHAUSTED);
    case ALLOCATE_MAPPINGS_FULL:
        return refuse_session(skb, pkt, way, CTGATE_REFUSED_TABLES_FULL, CTGATE_DROP_MAPPINGS_FULL);
    case ALLOCATE_TABLE_FULL:
        return refuse_session(skb, pkt, way, CTGATE_REFUSED_TABLES_FULL, CTGATE_DROP_TABLE_FULL);
    case ALLOCATE_NAT_REFUSED:
        return drop_told(pkt, CTGATE_DROP_NAT_INFO);
    case ALLOCATE_TAKEN:
    case ALLOCATE_AGAIN:
        break;
    }
    return drop_told(pkt, CTGATE_DROP_SESSION_CLASH);
}

/* `unless`: what becomes of it where it is the stack's. */
static __always_inline int go_on(struct __sk_buff *skb, const struct packet *pkt, struct way *way,
                                 enum decide_result decided, enum ctgate_counter unless)
{
    switch (decided) {
    case DECIDE_TRANSLATE:
        return new_session(skb, pkt, way);
    case DECIDE_FILTERED:
        open_way_back(skb, pkt, way);
        return drop_told(pkt, CTGATE_DROP_FILTERED);
    case DECIDE_REFUSED:
        return drop_told(pkt, CTGATE_DROP_FORWARD_REFUSED);
    case DECIDE_FOREIGN:
        return drop_told(pkt, CTGATE_DROP_FOREIGN_SOURCE);
    case DECIDE_EXEMPT:
        return to_stack(CTGATE_COUNT_EXEMPT);
    case DECIDE_STACK:
        break;
    }
    return to_stack(unless);
}

static __always_inline int go_out(struct __sk_buff *skb, const struct packet *pkt, struct way *way)
{
    return go_on(skb, pkt, way, decide(skb, pkt, way), CTGATE_COUNT_NOT_OUTBOUND);
}

/* Only a session that we translate is ours to end: others may have been translated by the host's
 * own rules. */
static __always_inline int replace_outbound(struct __sk_buff *skb, const struct packet *pkt,
                                            struct way *way, enum ctgate_counter why)
{
    const enum decide_result decided = decide(skb, pkt, way);

    if (decided == DECIDE_STACK || decided == DECIDE_EXEMPT)
        return to_stack(CTGATE_COUNT_SESSION_HIT);
    if (!end_session(skb, pkt))
        return drop_told(pkt, CTGATE_DROP_ENTRY_STUCK);
    count(why);
    return go_on(skb, pkt, way, decided, CTGATE_COUNT_SESSION_HIT);
}

/* Longest IP packet on the wire: of a super-packet, of those that it will be cut into. */
static __always_inline __u32 longest_packet(const struct __sk_buff *skb, const struct packet *pkt)
{
    if (skb->gso_size)
        return pkt->transport - pkt->network + pkt->transport_length + skb->gso_size;
    return skb->len - pkt->network;
}

/* Translated and sent on here, where there is a record to follow; else `is_for_stack`. `next_hop`:
 * of a record that was made for this packet, else 0. Global: its stack is its own, and the verifier
 * takes the pointer for possibly NULL. */
__noinline int take_short_path(struct __sk_buff *skb, const struct packet *pkt, __u32 next_hop)
{
    struct ctgate_cache_record *record;
    __u32 output;

    if (!pkt)
        return pass();
    record = recall(pkt, skb->ifindex, longest_packet(skb, pkt), next_hop);
    if (!record)
        return pass();
    output = record->output;
    note_use(record, skb->len - pkt->network);
    if (record->flags & CTGATE_CACHE_LAYER3)
        next_hop = 0;
    if (translate(skb, pkt, record) != TRANSLATE_DONE)
        return drop(CTGATE_DROP_TRANSLATION);
    return redirect(skb, pkt->tos, output, next_hop);
}

/* A packet of an established session that has no record, or one to be renewed. */
static __always_inline int go_along(struct __sk_buff *skb, const struct packet *pkt,
                                    const struct session *session)
{
    const __u32 next_hop = renew(skb, pkt, session);
    const int verdict = next_hop ? take_short_path(skb, pkt, next_hop) : pass();

    return is_for_stack(verdict) ? to_stack(CTGATE_COUNT_SESSION_HIT) : verdict;
}

static __always_inline int from_internal(struct __sk_buff *skb, __u32 network)
{
    enum parse_result parsed;
    struct way way = {};
    struct packet pkt;
    int verdict;

    count(CTGATE_COUNT_INTERNAL_PACKETS);
    parsed = parse(skb, network, &pkt);
    if (parsed != PARSE_OK)
        return leave(parsed);

    verdict = take_short_path(skb, &pkt, 0);
    if (!is_for_stack(verdict))
        return verdict;
    switch (lookup(skb, &pkt, true, &way.previous)) {
    case LOOKUP_MISS:
        return go_out(skb, &pkt, &way);
    case LOOKUP_CLOSED:
        return replace_outbound(skb, &pkt, &way, CTGATE_COUNT_REOPENED);
    case LOOKUP_UNACCEPTED_REPLIED:
        return replace_outbound(skb, &pkt, &way, CTGATE_COUNT_UNACCEPTED_RESTARTED);
    case LOOKUP_UNTRANSLATED:
        return replace_outbound(skb, &pkt, &way, CTGATE_COUNT_UNTRANSLATED_RESTARTED);
    case LOOKUP_UNACCEPTED_REPLY:
        return drop_told(&pkt, CTGATE_DROP_UNACCEPTED_REPLY);
    case LOOKUP_OFFLOADABLE:
        keep_session(&pkt, &way.previous);
        return go_along(skb, &pkt, &way.previous);
    case LOOKUP_HIT:
    case LOOKUP_FORGED_ORIGINAL: /* from outside only */
        keep_session(&pkt, &way.previous);
        return to_stack(CTGATE_COUNT_SESSION_HIT);
    case LOOKUP_FAILED:
        break;
    }
    return drop_told(&pkt, CTGATE_DROP_LOOKUP_FAILED);
}

/* Whoever sent it is outside, and learns nothing. */
static __always_inline int refused_inbound(const struct packet *pkt,
                                           const struct endpoint *internal)
{
    note_refusal(&internal->address, pkt->protocol, CTGATE_REFUSED_SESSION_QUOTA);
    return drop_told(pkt, CTGATE_DROP_INBOUND_SESSION_QUOTA);
}

/* `stray`: there is a session, but as if to the router itself. `unless`: what becomes of the packet
 * where it is the stack's. */
static __always_inline int go_in(struct __sk_buff *skb, const struct packet *pkt, bool stray,
                                 enum ctgate_counter unless)
{
    struct translation to = {};
    enum inbound_result whose;
    enum create_result created;
    __u32 place;

    /* In its midst, a connection of which conntrack knows nothing: as from inside. */
    if (pkt->protocol == IPPROTO_TCP && !opens_tcp(pkt) && !is_amid_tcp(pkt))
        return to_stack(unless);
    whose = inbound_from_outside(skb, pkt, &to.destination);
    if (stray && whose != INBOUND_STACK) {
        if (!end_session(skb, pkt))
            return drop_told(pkt, CTGATE_DROP_ENTRY_STUCK);
        count(CTGATE_COUNT_UNTRANSLATED_RESTARTED);
    }
    switch (whose) {
    case INBOUND_STACK:
        return to_stack(unless);
    case INBOUND_FILTERED:
        return drop_told(pkt, CTGATE_DROP_FILTERED);
    case INBOUND_REFUSED:
        return drop_told(pkt, CTGATE_DROP_FORWARD_REFUSED);
    case INBOUND_ADMITTED:
        break;
    }
    place = take_place(skb, pkt, &to.destination.address);
    if (place == PLACE_NONE)
        return refused_inbound(pkt, &to.destination);
    created = create_entry(skb, pkt, &to, false);
    tell(CTGATE_STAGE_CREATE, created);
    if (created != CREATE_DONE)
        return_place(pkt, &to.destination.address, place);
    switch (created) {
    case CREATE_DONE:
        if (is_listening())
            tell_session(pkt, &to);
        note_inbound(pkt);
        return to_stack(CTGATE_COUNT_INBOUND_CREATED);
    case CREATE_FOUND:
        return to_stack(CTGATE_COUNT_SESSION_HIT);
    case CREATE_TABLE_FULL:
        return drop_told(pkt, CTGATE_DROP_TABLE_FULL);
    case CREATE_NAT_REFUSED:
        return drop_told(pkt, CTGATE_DROP_NAT_INFO);
    case CREATE_TAKEN:
    case CREATE_STRAY: /* outbound only */
        break;
    }
    return drop_told(pkt, CTGATE_DROP_SESSION_CLASH);
}

static __always_inline bool restart_inbound(struct __sk_buff *skb, const struct packet *pkt,
                                            enum ctgate_counter why)
{
    if (!end_session(skb, pkt))
        return false;
    count(why);
    return true;
}

static __always_inline int from_external(struct __sk_buff *skb, __u32 network)
{
    enum ctgate_counter unless = CTGATE_COUNT_UNSOLICITED;
    struct session session = {};
    enum parse_result parsed;
    bool stray = false;
    struct packet pkt;
    int verdict;

    count(CTGATE_COUNT_EXTERNAL_PACKETS);
    parsed = parse(skb, network, &pkt);
    if (parsed == PARSE_OK) {
        verdict = take_short_path(skb, &pkt, 0);
        if (!is_for_stack(verdict))
            return verdict;
    }
    if (check_ingress(skb) == BORDER_INTERNAL_DESTINATION)
        return drop(CTGATE_DROP_INTERNAL_DESTINATION);
    if (parsed != PARSE_OK)
        return leave(parsed);

    switch (lookup(skb, &pkt, false, &session)) {
    case LOOKUP_OFFLOADABLE:
        refresh(&pkt, &session, false);
        return go_along(skb, &pkt, &session);
    case LOOKUP_HIT:
        refresh(&pkt, &session, false);
        return to_stack(CTGATE_COUNT_SESSION_HIT);
    case LOOKUP_MISS:
        break;
    case LOOKUP_CLOSED:
        if (!restart_inbound(skb, &pkt, CTGATE_COUNT_REOPENED))
            return drop_told(&pkt, CTGATE_DROP_ENTRY_STUCK);
        break;
    case LOOKUP_UNACCEPTED_REPLIED:
        if (!restart_inbound(skb, &pkt, CTGATE_COUNT_UNACCEPTED_RESTARTED))
            return drop_told(&pkt, CTGATE_DROP_ENTRY_STUCK);
        break;
    case LOOKUP_UNTRANSLATED:
        stray = true;
        unless = CTGATE_COUNT_SESSION_HIT;
        break;
    case LOOKUP_UNACCEPTED_REPLY:
        return drop_told(&pkt, CTGATE_DROP_UNACCEPTED_REPLY);
    case LOOKUP_FORGED_ORIGINAL:
        return drop_told(&pkt, CTGATE_DROP_FORGED_ORIGINAL);
    case LOOKUP_FAILED:
        return drop_told(&pkt, CTGATE_DROP_LOOKUP_FAILED);
    }
    return go_in(skb, &pkt, stray, unless);
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
    case BORDER_EARLY_RESET:
        return drop(CTGATE_DROP_EARLY_RESET);
    case BORDER_OPEN:
    case BORDER_INTERNAL_DESTINATION: /* ingress only */
        break;
    }
    return pass();
}

/* Run by the control plane for each port space, which is all that its "packet" holds: what has
 * timers may not be of a type that is meant for this.
 */
SEC("tc")
int take_over_sweep(struct __sk_buff *skb)
{
    struct ctgate_port_space space = {};

    if (bpf_skb_load_bytes(skb, 0, &space, sizeof(space)) == 0)
        take_over_timer(&space);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0-only
// What the results of the stages and the drop reasons mean to an operator.
#include <algorithm>
#include <array>
#include <iterator>

#include "control/explain.hpp"

namespace ctgate::explain {
namespace {

struct Words {
    std::string_view result;
    std::string_view text;
};

constexpr Words words[] = {
    {"LOOKUP_MISS", "conntrack has no entry for it"},
    {"LOOKUP_HIT", "conntrack has an entry: it belongs to that session"},
    {"LOOKUP_OFFLOADABLE",
     "conntrack has an entry, accepted by the firewall and answered: it may take the short path"},
    {"LOOKUP_CLOSED", "conntrack has an entry of a closed session: it begins a new one"},
    {"LOOKUP_UNACCEPTED_REPLIED",
     "conntrack has an entry with a reply that the firewall never accepted: it begins anew"},
    {"LOOKUP_UNTRANSLATED", "conntrack has an entry that was begun without NAT: it begins anew"},
    {"LOOKUP_UNACCEPTED_REPLY",
     "conntrack has an entry, whose first packet the firewall has not let through"},
    {"LOOKUP_FORGED_ORIGINAL",
     "conntrack has an entry, begun inside: its inside end cannot be outside"},
    {"LOOKUP_FAILED", "conntrack could not be asked"},

    {"DECIDE_STACK",
     "not for translation: to the router itself, to another internal network, or without a route "
     "out of an external interface"},
    {"DECIDE_EXEMPT", "the destination is exempt from NAT (--no-nat)"},
    {"DECIDE_TRANSLATE", "to be translated"},
    {"DECIDE_FILTERED",
     "to an external endpoint of another internal host, whose filtering does not let it in"},
    {"DECIDE_REFUSED", "to a port forward that is not open to it"},
    {"DECIDE_FOREIGN", "the route back to its source does not lead inside"},

    {"INBOUND_STACK", "no internal host is behind this endpoint"},
    {"INBOUND_ADMITTED", "an internal host is behind this endpoint, and it may go there"},
    {"INBOUND_FILTERED",
     "an internal host is behind this endpoint, but its filtering does not let this remote in"},
    {"INBOUND_REFUSED", "a port forward is there, but it is not open to this remote"},

    {"CHOICE_OWN", "the host has this address for itself (--one-to-one)"},
    {"CHOICE_KNOWN", "it has one already"},
    {"CHOICE_FRESH", "a new one"},
    {"CHOICE_SHARED", "none: its external port may be shared"},
    {"CHOICE_UNKNOWN", "it has none"},
    {"CHOICE_BLOCKS", "a port is to be had from the blocks of its host only"},
    {"CHOICE_COMPUTED", "a port is to be had from the computed block of its host only"},
    {"CHOICE_OUTSIDE", "the host is outside of the prefix that has computed blocks"},
    {"CHOICE_AGAIN", "no candidate would do"},
    {"CHOICE_NO_ADDRESS", "the external interface has no external address"},
    {"CHOICE_EXHAUSTED", "no external port is free"},
    {"CHOICE_QUOTA", "the host has as many external ports as it may"},
    {"CHOICE_MAPPINGS_FULL", "the table of mappings is full"},

    {"CREATE_DONE", "would be made"},
    {"CREATE_FOUND", "is there by now"},
    {"CREATE_TAKEN", "another session has the same endpoints after translation"},
    {"CREATE_STRAY",
     "another session has the same endpoints after translation; the router itself wants it"},
    {"CREATE_TABLE_FULL", "conntrack's table is full"},
    {"CREATE_NAT_REFUSED", "conntrack refuses the translation"},
};

struct Counter {
    std::string_view name;
    std::string_view text;
};

constexpr Counter counters[] = {
#define CTGATE_ROW(id, name, text) {name, text},
    CTGATE_COUNTERS(CTGATE_ROW) CTGATE_DROP_REASONS(CTGATE_ROW)
#undef CTGATE_ROW
};

}  // namespace

std::string_view words_of(std::string_view result) {
    const auto* found = std::find_if(std::begin(words), std::end(words),
                                     [&](const Words& each) { return each.result == result; });
    return found == std::end(words) ? std::string_view() : found->text;
}

std::string_view name_of(ctgate_counter counter) {
    return counters[counter].name;
}

std::string_view meaning_of(ctgate_counter counter) {
    return counters[counter].text;
}

std::string_view remedy_of(ctgate_counter counter) {
    switch (counter) {
        case CTGATE_DROP_IP_HEADER:
        case CTGATE_DROP_TCP_HEADER:
        case CTGATE_DROP_UDP_HEADER:
            return "its sender is at fault";
        case CTGATE_DROP_NO_EXTERNAL_ADDRESS:
            return "give the external interface an address, or name one with --external-address";
        case CTGATE_DROP_PORTS_EXHAUSTED:
            return "widen --port-range, add an external address, shorten the timeouts, or let "
                   "sessions share ports (--overload-when-full)";
        case CTGATE_DROP_OUTSIDE_PREFIX:
            return "give --deterministic a prefix that has this host";
        case CTGATE_DROP_PORT_QUOTA:
            return "raise --max-ports-per-host; 'ctgate show hosts' says what the host has";
        case CTGATE_DROP_SESSION_QUOTA:
        case CTGATE_DROP_INBOUND_SESSION_QUOTA:
            return "raise --max-sessions-per-host; 'ctgate show hosts' says what the host has";
        case CTGATE_DROP_SESSION_RATE:
            return "raise --max-new-per-second, or wait a second";
        case CTGATE_DROP_MAPPINGS_FULL:
            return "limit the hosts (--max-ports-per-host), or shorten the timeouts";
        case CTGATE_DROP_SESSION_CLASH:
            return "wait until the other session has ended, or use another source port";
        case CTGATE_DROP_FILTERED:
            return "let the host send to this remote first, open the port with --forward, or "
                   "choose --filtering endpoint-independent";
        case CTGATE_DROP_FORWARD_REFUSED:
            return "open the forward to this remote address (from=, not-from=)";
        case CTGATE_DROP_TABLE_FULL:
            return "raise --max-sessions";
        case CTGATE_DROP_NAT_INFO:
            return "the kernel is out of memory";
        case CTGATE_DROP_LOOKUP_FAILED:
            return "'ctgate lookup' says by which error";
        case CTGATE_DROP_ENTRY_STUCK:
            return "delete the entry, which has a fixed timeout ('conntrack -D')";
        case CTGATE_DROP_UNACCEPTED_REPLY:
            return "let the session's first packet through in the host's own firewall";
        case CTGATE_DROP_FOREIGN_SOURCE:
            return "its source is forged, or a route to it by an internal interface is missing";
        case CTGATE_DROP_FORGED_ORIGINAL:
            return "its source is forged, or the packet comes in by the wrong interface";
        case CTGATE_DROP_INTERNAL_DESTINATION:
            return "address it to an external endpoint: a port forward (--forward) or a mapping";
        case CTGATE_DROP_TRANSLATION:
            return "the kernel is out of memory";
        case CTGATE_DROP_OWN_RESET:
        case CTGATE_DROP_EARLY_RESET:
        case CTGATE_DROP_INTERNAL_SOURCE:
            return "none is needed: this protects the sessions and what is inside";
        default:  // nothing was dropped
            break;
    }
    return "";
}

}  // namespace ctgate::explain

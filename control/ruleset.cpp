// SPDX-License-Identifier: GPL-2.0-only
#include "control/ruleset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "control/deterministic.hpp"
#include "ctgate/counters.h"
#include "ctgate/pairing.h"

namespace ctgate {
namespace {

// Forward hook: ahead of the host's own filter chains, so that what we drop is not logged there
// as if it had been let in. Accepted: the very last chain before conntrack's own confirm.
// Leak: right behind the source NAT.
constexpr const char* chains = R"(
add chain ip ctgate outside_in { type filter hook prerouting priority raw; policy accept; }
add chain ip ctgate clamp { type filter hook forward priority mangle; policy accept; }
add chain ip ctgate guard { type filter hook forward priority filter - 10; policy accept; }
add chain ip ctgate guard_inbound
add chain ip ctgate guard_session
add chain ip ctgate destination { type nat hook prerouting priority dstnat; policy accept; }
add chain ip ctgate source { type nat hook postrouting priority srcnat; policy accept; }
add chain ip ctgate leak { type filter hook postrouting priority srcnat + 1; policy accept; }
add chain ip ctgate accepted { type filter hook postrouting priority 2147483646; policy accept; }
add chain ip ctgate accepted_input { type filter hook input priority 2147483646; policy accept; }
add chain ip ctgate accept_session
)";

std::string quoted(const std::string& name) {
    return fmt::format("\"{}\"", name);
}

std::string text(IpAddress address) {
    return address.text();
}

std::string prefix(const IpPrefix& prefix) {
    return IpPrefix{prefix.network(), prefix.length}.text();
}

// Each once. `Write`: an element as nft reads it.
template <typename Elements, typename Write>
std::string list(const Elements& elements, Write write) {
    std::set<std::string> written;
    std::transform(elements.begin(), elements.end(), std::inserter(written, written.end()), write);
    return fmt::format("{}", fmt::join(written, ", "));
}

// Right side of a match, "" for nothing to be matched. Brackets only around several: nft makes a
// set of what is in them, and to look into one costs each packet several comparisons.
template <typename Elements, typename Write>
std::string any_of(const Elements& elements, Write write) {
    const std::string all = list(elements, write);
    return all.find(',') == std::string::npos ? all : fmt::format("{{ {} }}", all);
}

// What many rules match.
struct Matches {
    std::string internal, external;  // interfaces
    std::string internal_addresses, external_addresses;
};

Matches matches_of(const Ruleset& ruleset) {
    std::vector<std::string> external;
    std::vector<IpAddress> addresses;
    for (const ExternalInterface& each : ruleset.external) {
        external.push_back(each.name);
        for (const ExternalAddress& address : each.addresses) {
            addresses.push_back(address.address);
        }
    }
    for (const OneToOneOption& each : ruleset.one_to_one) {
        addresses.push_back(each.external);
    }
    return {any_of(ruleset.internal, quoted), any_of(external, quoted),
            any_of(ruleset.internal_addresses, text), any_of(addresses, text)};
}

// None where there is nothing that one of the matches could match.
template <typename... Match>
std::string rule(fmt::format_string<const Match&...> text, const Match&... matches) {
    const bool matchless = (matches.empty() || ...);
    return matchless ? "" : fmt::format("add rule ip ctgate {}\n", fmt::format(text, matches...));
}

// A named set, because only such a one merges what overlaps.
std::string exempt_set(const std::vector<IpPrefix>& exempt) {
    std::string result =
        "add set ip ctgate exempt { type ipv4_addr; flags interval; auto-merge; }\n"
        "flush set ip ctgate exempt\n";
    if (!exempt.empty()) {
        result += fmt::format("add element ip ctgate exempt {{ {} }}\n", list(exempt, prefix));
    }
    return result;
}

std::string counters() {
    std::string result;
#define CTGATE_GUARD(id, name, text) result += "add counter ip ctgate " name "\n";
    CTGATE_GUARD_REASONS(CTGATE_GUARD)
#undef CTGATE_GUARD
    return result;
}

unsigned width(const ctgate_port_range& range) {
    return range.high - range.low + 1U;
}

// nft takes one range; sessions that the stack makes get by with the widest, and where several are
// as wide (a port set), with one of them at random.
std::string target(const ExternalAddress& address) {
    unsigned widest = 0;
    for (const ctgate_port_range& range : address.ranges) {
        widest = std::max(widest, width(range));
    }
    std::vector<std::string> ranges;
    for (const ctgate_port_range& range : address.ranges) {
        if (width(range) == widest) {
            ranges.push_back(fmt::format("{}-{}", range.low, range.high));
        }
    }
    if (ranges.size() == 1) {
        return fmt::format("{}:{}", address.address.text(), ranges[0]);
    }
    std::vector<std::string> elements;
    elements.reserve(ranges.size());
    for (const std::string& range : ranges) {
        elements.push_back(
            fmt::format("{} : {} . {}", elements.size(), address.address.text(), range));
    }
    return fmt::format("numgen random mod {} map {{ {} }}", elements.size(),
                       fmt::join(elements, ", "));
}

// The internal hosts of the n-th address, as BPF chooses: computed, or by ctgate_pair(). Empty:
// all; nullopt: none.
std::optional<std::string> paired_hosts(const ExternalInterface& external, std::size_t n) {
    const std::size_t count = external.addresses.size();
    if (external.deterministic) {
        const auto hosts = deterministic_hosts(external, n);
        return hosts ? std::optional(
                           fmt::format("ip saddr {}-{} ", hosts->first.text(), hosts->last.text()))
                     : std::nullopt;
    }
    return count == 1
               ? ""
               : fmt::format("jhash ip saddr mod {} seed {:#x} {} ", count, CTGATE_PAIRING_SEED, n);
}

// For what BPF has not translated already: the kernel skips these rules for its sessions. Where
// hosts have port blocks, no TCP or UDP session may have a port of another's: then nothing
// translates it, and it is dropped as a leak.
std::string source_rules(const std::string& from, const ExternalInterface& external) {
    std::string result;
    const bool blocks = external.block_order != 0;
    for (std::size_t n = 0; n < external.addresses.size(); ++n) {
        const ExternalAddress& address = external.addresses[n];
        const std::optional<std::string> hosts = paired_hosts(external, n);
        if (!hosts) {
            continue;
        }
        const std::string which =
            fmt::format("{} oifname {} {}", from, quoted(external.name), *hosts);
        result += rule("source {}meta l4proto {{ {} }} snat ip to {}", which,
                       std::string(blocks ? "icmp" : "tcp, udp, icmp"), target(address));
        result += rule("source {}{} to {}", which,
                       std::string(blocks ? "meta l4proto != { tcp, udp } snat" : "snat"),
                       address.address.text());
    }
    return result;
}

// What BPF has translated already passes these by, but for those that it leaves alone.
std::string source_chain(const Matches& any, const Ruleset& ruleset) {
    std::string result = ruleset.exempt.empty() ? "" : rule("source ip daddr @exempt accept");
    for (const OneToOneOption& each : ruleset.one_to_one) {
        result += rule("source oifname {} ip saddr {} snat to {}", any.external,
                       each.internal.text(), each.external.text());
    }
    for (const ExternalInterface& each : ruleset.external) {
        result += source_rules(fmt::format("iifname {}", any.internal), each);
        if (!any.internal_addresses.empty()) {
            result += source_rules(fmt::format("ip saddr {}", any.internal_addresses), each);
        }
    }
    return result;
}

// TCP and UDP have been translated by BPF already; this is for all others.
std::string destination_rules(const Matches& any, const std::vector<OneToOneOption>& one_to_one) {
    std::string result;
    for (const OneToOneOption& each : one_to_one) {
        result += rule("destination iifname {} ip daddr {} dnat to {}", any.external,
                       each.external.text(), each.internal.text());
    }
    return result;
}

std::string clamp_rules(const std::vector<std::string>& clamped) {
    std::string result;
    for (const char* direction : {"oifname", "iifname"}) {
        result += rule("clamp tcp flags & (syn|rst) == syn {} {} tcp option maxseg size set rt mtu",
                       std::string(direction), any_of(clamped, quoted));
    }
    return result;
}

std::string guard_rules(const Matches& any, const std::string& opened, const std::string& mark) {
    return rule(
               "guard meta mark & {0} == {0} ct mark & {0} == 0 iifname {1} oifname {2} "
               "ct state new ct status ! snat reject with icmp type admin-prohibited",
               mark, any.internal, any.external) +
           rule("guard iifname {} oifname {} goto guard_session", any.internal, any.external) +
           rule("guard iifname {} oifname {} goto guard_inbound", any.external, any.internal) +
           rule("guard iifname {0} oifname {0} goto guard_inbound", any.external) +
           rule(
               "guard iifname {} oifname != {} oifname != {} ct direction original "
               "ct status ! dnat counter name guard_not_served drop",
               opened, any.internal, any.external) +
           rule("guard oifname {} ct direction reply ct reply ip daddr {} goto guard_session",
                any.internal, any.external_addresses) +
           rule(
               "guard iifname {0} oifname {0} ct status dnat ct original ip daddr {1} "
               "goto guard_session",
               any.internal, any.external_addresses);
}

// Expected sessions (of conntrack helpers) begin as `related`, as ICMP errors always are.
std::string session_rules(const std::string& mark) {
    return rule(
               "guard_inbound ct direction original ct status ! dnat "
               "counter name guard_unsolicited drop") +
           rule("guard_inbound goto guard_session") + rule("guard_session ct state new accept") +
           rule("guard_session ct mark & {} != 0 accept", mark) +
           rule("guard_session ip protocol != icmp ct state related accept") +
           rule("guard_session ct state invalid,untracked counter name guard_not_tracked drop") +
           rule("guard_session counter name guard_unaccepted drop");
}

std::string leak_rules(const Matches& any, bool exempt) {
    return rule("leak ip saddr {} accept", any.external_addresses) +
           (exempt ? rule("leak ip daddr @exempt accept") : "") +
           rule(
               "leak oifname {} iifname {} fib saddr type != local "
               "counter name guard_internal_source drop",
               any.external, any.internal) +
           rule("leak oifname {} ip saddr {} counter name guard_internal_source drop", any.external,
                any.internal_addresses);
}

std::string accepted_rules(const Matches& any, const std::string& mark) {
    std::string result;
    for (const char* name : {"accepted", "accepted_input"}) {
        result += rule("{} ct state established accept", std::string(name));
    }
    return result + rule("accepted oifname {} goto accept_session", any.external) +
           rule("accepted iifname {} goto accept_session", any.external) +
           rule("accepted oifname {} ct status dnat goto accept_session", any.internal) +
           rule("accepted_input iifname {} ct status dnat goto accept_session", any.external) +
           rule("accepted_input iifname {} ct status dnat goto accept_session", any.internal) +
           rule("accept_session ct state new ct mark set ct mark or {} accept", mark) +
           rule("accept_session ip protocol != icmp ct state related ct mark set ct mark or {}",
                mark);
}

// Each packet passes every base chain of its hook, so one without rules does not stay. The table
// has just been flushed.
std::string without_empty_chain(const char* name, const std::string& rules) {
    return rules.empty() ? fmt::format("delete chain ip ctgate {}\n", name) : rules;
}

}  // namespace

std::string Ruleset::text() const {
    const std::string mark = fmt::format("{:#x}", accepted_mark);
    const Matches any = matches_of(*this);
    // Flushing a table takes its rules only.
    std::string result = "add table ip ctgate\nflush table ip ctgate\n";
    result += counters();
    result += exempt_set(exempt);
    result += chains;
    result += rule("outside_in iifname {} ip daddr {} counter name guard_internal_destination drop",
                   any.external, any.internal_addresses);
    result += without_empty_chain("clamp", clamp_rules(clamped));
    result += guard_rules(any, any_of(opened, quoted), mark);
    result += session_rules(mark);
    result += without_empty_chain("destination", destination_rules(any, one_to_one));
    result += source_chain(any, *this);
    result += leak_rules(any, !exempt.empty());
    result += accepted_rules(any, mark);
    return result;
}

}  // namespace ctgate

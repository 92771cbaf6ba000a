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

// Expected sessions (of conntrack helpers) begin as `related`, as ICMP errors always are.
constexpr const char* fixed_rules = R"(
add rule ip ctgate outside_in iifname @external ip daddr @internal_addresses counter name guard_internal_destination drop
add rule ip ctgate clamp oifname @clamped tcp flags & (syn|rst) == syn tcp option maxseg size set rt mtu
add rule ip ctgate clamp iifname @clamped tcp flags & (syn|rst) == syn tcp option maxseg size set rt mtu
add rule ip ctgate guard iifname @internal oifname @external goto guard_session
add rule ip ctgate guard iifname @external oifname @internal goto guard_inbound
add rule ip ctgate guard iifname @external oifname @external goto guard_inbound
add rule ip ctgate guard iifname @opened oifname != @internal oifname != @external ct direction original ct status ! dnat counter name guard_not_served drop
add rule ip ctgate guard oifname @internal ct direction reply ct reply ip daddr @external_addresses goto guard_session
add rule ip ctgate guard iifname @internal oifname @internal ct status dnat ct original ip daddr @external_addresses goto guard_session
add rule ip ctgate guard_inbound ct direction original ct status ! dnat counter name guard_unsolicited drop
add rule ip ctgate guard_inbound goto guard_session
add rule ip ctgate guard_session ct state { invalid, untracked } counter name guard_not_tracked drop
add rule ip ctgate guard_session ct state new accept
add rule ip ctgate guard_session ip protocol != icmp ct state related accept
add rule ip ctgate leak ip daddr @exempt accept
add rule ip ctgate leak oifname @external iifname @internal ip saddr != @external_addresses fib saddr type != local counter name guard_internal_source drop
add rule ip ctgate leak oifname @external ip saddr @internal_addresses counter name guard_internal_source drop
add rule ip ctgate accepted oifname @external jump accept_session
add rule ip ctgate accepted iifname @external jump accept_session
add rule ip ctgate accepted oifname @internal ct status dnat jump accept_session
add rule ip ctgate accepted_input iifname @external ct status dnat jump accept_session
add rule ip ctgate accepted_input iifname @internal ct status dnat jump accept_session
add rule ip ctgate source ip daddr @exempt accept
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

// A set and what is in it, whatever was in it before. `Write`: an element as nft reads it.
template <typename Elements, typename Write>
std::string set(const char* name, const char* type, const Elements& elements, Write write) {
    std::set<std::string> written;
    std::transform(elements.begin(), elements.end(), std::inserter(written, written.end()), write);
    std::string result =
        fmt::format("add set ip ctgate {0} {{ type {1}; }}\nflush set ip ctgate {0}\n", name, type);
    if (!written.empty()) {
        result +=
            fmt::format("add element ip ctgate {} {{ {} }}\n", name, fmt::join(written, ", "));
    }
    return result;
}

std::string sets(const Ruleset& ruleset) {
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
    return set("internal", "ifname", ruleset.internal, quoted) +
           set("external", "ifname", external, quoted) +
           set("clamped", "ifname", ruleset.clamped, quoted) +
           set("opened", "ifname", ruleset.opened, quoted) +
           set("external_addresses", "ipv4_addr", addresses, text) +
           set("exempt", "ipv4_addr; flags interval; auto-merge", ruleset.exempt, prefix) +
           set("internal_addresses", "ipv4_addr", ruleset.internal_addresses, text);
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
std::string source_rules(const ExternalInterface& external) {
    std::string result;
    for (const char* from : {"iifname @internal", "ip saddr @internal_addresses"}) {
        for (std::size_t n = 0; n < external.addresses.size(); ++n) {
            const ExternalAddress& address = external.addresses[n];
            const std::optional<std::string> hosts = paired_hosts(external, n);
            if (!hosts) {
                continue;
            }
            const std::string rule = fmt::format("add rule ip ctgate source {} oifname {} {}", from,
                                                 quoted(external.name), *hosts);
            const bool blocks = external.block_order != 0;
            result += fmt::format("{}meta l4proto {{ {}icmp }} snat ip to {}\n", rule,
                                  blocks ? "" : "tcp, udp, ", target(address));
            result +=
                fmt::format("{}{}snat to {}\n", rule, blocks ? "meta l4proto != { tcp, udp } " : "",
                            address.address.text());
        }
    }
    return result;
}

// TCP and UDP have been translated by BPF already; this is for all others.
std::string one_to_one_rules(const OneToOneOption& option) {
    return fmt::format(
        "add rule ip ctgate destination iifname @external ip daddr {0} dnat to {1}\n"
        "add rule ip ctgate source oifname @external ip saddr {1} snat to {0}\n",
        option.external.text(), option.internal.text());
}

std::string mark_rules(std::uint32_t mark) {
    return fmt::format(
        "insert rule ip ctgate guard iifname @internal oifname @external ct state new ct status ! "
        "snat "
        "meta mark & {0:#x} == {0:#x} reject with icmp type admin-prohibited\n"
        "add rule ip ctgate guard_session ct mark & {0:#x} == {0:#x} accept\n"
        "add rule ip ctgate guard_session counter name guard_unaccepted drop\n"
        "add rule ip ctgate accept_session ct state new ct mark set ct mark or {0:#x}\n"
        "add rule ip ctgate accept_session ip protocol != icmp ct state related "
        "ct mark set ct mark or {0:#x}\n",
        mark);
}

}  // namespace

std::string Ruleset::text() const {
    // Flushing a table takes its rules only.
    std::string result = "add table ip ctgate\nflush table ip ctgate\n";
    result += counters();
    result += sets(*this);
    result += chains;
    result += fixed_rules;
    for (const OneToOneOption& each : one_to_one) {
        result += one_to_one_rules(each);
    }
    for (const ExternalInterface& each : external) {
        result += source_rules(each);
    }
    result += mark_rules(accepted_mark);
    return result;
}

}  // namespace ctgate

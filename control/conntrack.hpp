// SPDX-License-Identifier: GPL-2.0-only
// The kernel's conntrack table of the current network namespace, by libnetfilter_conntrack.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "control/ip.hpp"

namespace ctgate {

// One conntrack entry. Original direction: source -> destination; reply: reply_source ->
// reply_destination. With source NAT the external endpoint is reply_destination, with destination
// NAT the internal endpoint is reply_source.
struct Session {
    std::uint8_t protocol = 0;  // IPPROTO_*
    std::string state;          // TCP: "ESTABLISHED", ...; empty for other protocols
    Endpoint source, destination;
    Endpoint reply_source, reply_destination;
    std::uint32_t status = 0;  // IPS_* bits of linux/netfilter/nf_conntrack_common.h
    std::uint32_t mark = 0;
    std::uint32_t timeout = 0;  // seconds left
    // TCP, original and reply direction: IP_CT_TCP_FLAG_* and window scale.
    std::array<std::uint8_t, 2> tcp_flags{};
    std::array<std::uint8_t, 2> tcp_scale{};
    // ICMP queries (their endpoints have port 0): the internal identifier, and the one the remote
    // endpoint sees. Host byte order.
    std::uint16_t icmp_id = 0;
    std::uint16_t icmp_reply_id = 0;
    std::uint16_t zone = 0;
    // What conntrack itself has counted (nf_conntrack_acct); nothing for entries that were made
    // without, as those that BPF makes always are.
    struct Count {
        std::uint64_t packets = 0;
        std::uint64_t bytes = 0;  // from the IP header on
    };
    struct Counts {
        Count original, reply;
    };
    std::optional<Counts> counts;
};

namespace conntrack {

// Which entries the kernel is to tell of; the rest does not leave it.
struct Selection {
    std::optional<std::uint8_t> protocol;
    std::uint32_t status = 0;  // the bits of status_mask are as here
    std::uint32_t status_mask = 0;
    std::optional<IpAddress> internal;  // original or reply direction begins there
};

// Calls `visit` for each IPv4 entry while the kernel streams the table: memory does not grow. The
// table changes meanwhile: an entry that comes or goes during the dump may or may not be visited,
// and when the kernel resizes its hash table, entries may be visited twice or missed.
void for_each(const std::function<void(const Session&)>& visit, const Selection& selection = {});

// What to do with one entry during update(). ignore_window, for TCP: what is outside of the window
// that conntrack has seen is valid, too.
enum class Action { keep, set_mark, ignore_window, erase };
struct Change {
    Action action = Action::keep;
    // For set_mark: the bits of `mask` become those of `mark`; the others are left to whoever sets
    // them meanwhile.
    std::uint32_t mark = 0;
    std::uint32_t mask = ~0U;
};
// Asks `decide` about each IPv4 entry, then applies its changes (after the dump has ended).
// Entries that are gone by then are passed over. Returns how many were changed.
std::size_t update(const std::function<Change(const Session&)>& decide);

// Ends the IPv4 entries for which `predicate` is true, each when the dump has come to it, and then
// tells `erased`: memory does not grow. Returns how many there were.
std::size_t erase_if(const std::function<bool(const Session&)>& predicate,
                     const std::function<void(const Session&)>& erased, const Selection& selection);

// nf_conntrack_count and nf_conntrack_max as seen in this namespace.
std::uint64_t count();
std::uint64_t limit();

}  // namespace conntrack
}  // namespace ctgate

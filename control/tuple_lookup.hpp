// SPDX-License-Identifier: GPL-2.0-only
// bpf_skb_ct_lookup on a tuple of our choice, by running dataplane/lookup.bpf.c once.
#pragma once

#include <cstdint>
#include <string_view>

#include "control/conntrack.hpp"
#include "control/ip.hpp"

namespace ctgate {

// netns_id of the namespace the thread is in (BPF_F_CURRENT_NETNS).
constexpr std::int32_t current_netns = -1;

struct TupleQuery {
    std::uint8_t protocol = 0;  // IPPROTO_*; the kernel knows TCP and UDP
    Endpoint source;            // as the sender of such a packet writes them
    Endpoint destination;
    std::int32_t netns_id = current_netns;
};

struct TupleAnswer {
    int error = 0;       // 0, or a positive errno; then nothing else is valid
    bool reply = false;  // the tuple is the reply direction of the entry
    Session session;
};

// Throws when the program cannot be loaded or run; errors of the look-up itself are answers.
TupleAnswer look_up(const TupleQuery& query);

// The documented errors of bpf_skb_ct_lookup and bpf_skb_ct_alloc.
struct LookupError {
    int number;  // positive
    std::string_view name;
    std::string_view meaning;
};
// For numbers that are not documented: the number, with a meaning that says so.
LookupError lookup_error(int number);

}  // namespace ctgate

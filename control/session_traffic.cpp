// SPDX-License-Identifier: GPL-2.0-only
#include "control/session_traffic.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <net/if.h>

#include <stdexcept>

#include "control/pinned_map.hpp"
#include "control/serving.hpp"
#include "ctgate/session_cache.h"

namespace ctgate {
namespace {

// Nothing comes in on one that is missing.
void add_index(const std::string& interface, std::vector<unsigned>& indexes) {
    if (const unsigned index = ::if_nametoindex(interface.c_str()); index != 0) {
        indexes.push_back(index);
    }
}

ctgate_cache_key key_of(const Endpoint& source, const Endpoint& destination, std::uint8_t protocol,
                        unsigned ifindex) {
    return {.source = source.address.v4,
            .destination = destination.address.v4,
            .source_port = htons(source.port),
            .destination_port = htons(destination.port),
            .arrival = CTGATE_ARRIVAL(protocol, ifindex)};
}

bool may_be_cached(const Session& session) {
    return session.protocol == IPPROTO_TCP || session.protocol == IPPROTO_UDP;
}

// Calls `visit` with each key that the session's packets of one direction may have.
template <typename Visit>
void for_each_key(const Session& session, bool reply, const std::vector<unsigned>& interfaces,
                  Visit visit) {
    for (const unsigned ifindex : interfaces) {
        visit(reply ? key_of(session.reply_source, session.reply_destination, session.protocol,
                             ifindex)
                    : key_of(session.source, session.destination, session.protocol, ifindex));
    }
}

}  // namespace

TrafficCounts::TrafficCounts() {
    const auto directory = RunDirectory::find();
    const auto serving = directory ? Serving::read(*directory) : std::nullopt;
    if (!serving) {
        return;
    }
    try {
        cache_ = open_pinned_map(*directory, "session_cache", sizeof(ctgate_cache_key),
                                 sizeof(ctgate_cache_record));
    } catch (const std::runtime_error&) {
        return;  // of another version: what it counts is not known
    }
    for (const std::string& each : serving->internal) {
        add_index(each, internal_);
    }
    for (const ExternalInterface& each : serving->external) {
        add_index(each.name, external_);
    }
}

SessionTraffic TrafficCounts::of(const Session& session, Nat nat) const {
    SessionTraffic result;
    if (session.counts) {
        result.stack = true;
        result.original = {session.counts->original.packets, session.counts->original.bytes};
        result.reply = {session.counts->reply.packets, session.counts->reply.bytes};
    }
    if (!cache_ || !may_be_cached(session)) {
        return result;
    }
    result.short_path = true;
    const auto add_to = [&](Traffic& sum) {
        return [&](const ctgate_cache_key& key) {
            ctgate_cache_record record{};
            if (bpf_map_lookup_elem(cache_.get(), &key, &record) == 0) {
                sum.packets += record.packets;
                sum.bytes += record.bytes;
            }
        };
    };
    for_each_key(session, false, nat == Nat::destination ? external_ : internal_,
                 add_to(result.original));
    for_each_key(session, true, nat == Nat::source ? external_ : internal_, add_to(result.reply));
    return result;
}

void TrafficCounts::forget(const Session& session) const {
    if (!cache_ || !may_be_cached(session)) {
        return;
    }
    const auto remove = [&](const ctgate_cache_key& key) {
        bpf_map_delete_elem(cache_.get(), &key);
    };
    for (const bool reply : {false, true}) {
        for_each_key(session, reply, internal_, remove);
        for_each_key(session, reply, external_, remove);
    }
}

}  // namespace ctgate

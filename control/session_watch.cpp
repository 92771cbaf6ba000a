// SPDX-License-Identifier: GPL-2.0-only
#include "control/session_watch.hpp"

#include <linux/netfilter/nf_conntrack_common.h>

#include <functional>
#include <utility>

#include "control/session_view.hpp"
#include "ctgate/defaults.h"

namespace ctgate {
namespace {

bool is_closed(const std::string& state) {
    return state == "TIME_WAIT" || state == "CLOSE" || state == "LAST_ACK";
}

bool same(const Endpoint& one, const Endpoint& other) {
    return one.address == other.address && one.port == other.port;
}

std::uint64_t number(const Endpoint& endpoint) {
    return std::uint64_t{endpoint.address.v4} << 16 | endpoint.port;
}

// The kernel tells whole seconds, rounded down.
constexpr std::chrono::seconds rounding{1};

// A session is there before the event that tells of it has its time.
constexpr std::chrono::milliseconds told_later{100};

}  // namespace

bool SessionWatch::Key::operator==(const Key& other) const {
    return same(source, other.source) && same(destination, other.destination) &&
           icmp_id == other.icmp_id && zone == other.zone && protocol == other.protocol;
}

// Multiplication by the golden ratio spreads what differs in few bits (Knuth 6.4).
std::size_t SessionWatch::Hash::operator()(const Key& key) const {
    constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
    std::uint64_t value = number(key.source) * golden;
    value = (value ^ value >> 32 ^ number(key.destination)) * golden;
    value = (value ^ value >> 32 ^ key.icmp_id ^ key.protocol) * golden;
    return value ^ value >> 32;
}

SessionWatch::Key SessionWatch::key_of(const Session& session) {
    return {session.source, session.destination, session.icmp_id, session.zone, session.protocol};
}

Session SessionWatch::session_of(const Key& key, const Known& known) {
    Session session;
    session.protocol = key.protocol;
    session.source = key.source;
    session.destination = key.destination;
    session.icmp_id = key.icmp_id;
    session.zone = key.zone;
    session.reply_source = known.reply_source;
    session.reply_destination = known.reply_destination;
    session.icmp_reply_id = known.icmp_reply_id;
    session.status = known.status;
    return session;
}

void SessionWatch::remember(Known& known, const Session& session, Clock::time_point now) const {
    known.reply_source = session.reply_source;
    known.reply_destination = session.reply_destination;
    known.status = session.status;
    known.icmp_reply_id = session.icmp_reply_id;
    known.closed = is_closed(session.state);
    known.look = look_;
    known.deadline = now + std::chrono::seconds(session.timeout);
}

void SessionWatch::note(const Session& session, bool shared, Clock::time_point began,
                        const Ended& ended) {
    const auto [place, fresh] = sessions_.try_emplace(key_of(session));
    if (!fresh && began <= place->second.since) {
        place->second.shared = shared;
        place->second.since = began;
        return;
    }
    if (!fresh) {
        const Known& before = place->second;
        ended(session_of(place->first, before), before.closed ? "closed" : "replaced",
              before.shared);
    }
    place->second.shared = shared;
    place->second.since = began;
    remember(place->second, session, began + std::chrono::milliseconds(CTGATE_INITIAL_TIMEOUT_MS));
}

bool SessionWatch::is_ours(const Session& session) const {
    const SessionView seen = view(session);
    return seen.external && external_.contains(seen.external->address);
}

void SessionWatch::begin(std::set<IpAddress> external) {
    external_ = std::move(external);
    look_++;
}

void SessionWatch::see(const Session& session, Clock::time_point now, const Created& created) {
    if ((session.status & (IPS_SRC_NAT | IPS_DST_NAT)) == 0) {
        return;
    }
    const Key key = key_of(session);
    auto place = sessions_.find(key);
    if (place == sessions_.end()) {
        if (!is_ours(session)) {
            return;
        }
        place = sessions_.emplace(key, Known()).first;
        place->second.since = now + told_later;
        created(session);
    }
    remember(place->second, session, now);
}

void SessionWatch::end(Clock::time_point now, const Ended& ended) {
    for (auto each = sessions_.begin(); each != sessions_.end();) {
        const Known& known = each->second;
        if (known.look == look_) {
            ++each;
            continue;
        }
        const char* why = known.closed                      ? "closed"
                          : now + rounding < known.deadline ? "deleted"
                                                            : "expired";
        ended(session_of(each->first, known), why, known.shared);
        each = sessions_.erase(each);
    }
}

}  // namespace ctgate

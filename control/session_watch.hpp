// SPDX-License-Identifier: GPL-2.0-only
// Finds out when translated sessions end. Conntrack does not tell: entries that BPF has made have
// no events (bpf_skb_ct_alloc adds no extensions). So its table is read now and then, and what is
// missing has ended.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>

#include "control/conntrack.hpp"

namespace ctgate {

class SessionWatch {
  public:
    using Clock = std::chrono::steady_clock;
    // `why`: "expired", "closed" (TCP), "deleted", or "replaced" by one with the same endpoints.
    // `shared`: as noted.
    using Ended = std::function<void(const Session&, const char* why, bool shared)>;
    using Created = std::function<void(const Session&)>;

    // A session that an event has told of. It may have been seen before that.
    void note(const Session& session, bool shared, Clock::time_point began, const Ended& ended);

    // One look: begin(), see() for each session there is, end(). `external`: addresses of ours;
    // sessions elsewhere are somebody else's.
    void begin(std::set<IpAddress> external);
    // `created`: a session that the dataplane does not know, such as an ICMP query.
    void see(const Session& session, Clock::time_point now, const Created& created);
    void end(Clock::time_point now, const Ended& ended);

    std::size_t size() const { return sessions_.size(); }

  private:
    struct Key {
        Endpoint source, destination;
        std::uint16_t icmp_id, zone;
        std::uint8_t protocol;
        bool operator==(const Key& other) const;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const;
    };
    struct Known {
        Endpoint reply_source, reply_destination;
        std::uint32_t status = 0;
        std::uint16_t icmp_reply_id = 0;
        bool closed = false;
        bool shared = false;
        std::uint32_t look = 0;      // the last one that saw it
        Clock::time_point deadline;  // when it expires unless a packet comes
        Clock::time_point since;     // what begins later, is another
    };

    static Key key_of(const Session& session);
    static Session session_of(const Key& key, const Known& known);
    void remember(Known& known, const Session& session, Clock::time_point now) const;
    bool is_ours(const Session& session) const;

    std::unordered_map<Key, Known, Hash> sessions_;
    std::set<IpAddress> external_;
    std::uint32_t look_ = 0;
};

}  // namespace ctgate

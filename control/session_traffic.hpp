// SPDX-License-Identifier: GPL-2.0-only
// What a session has carried, as far as it was counted: by the session cache what went the short
// path, by conntrack what went through the stack.
#pragma once

#include <cstdint>
#include <vector>

#include "control/fd.hpp"
#include "control/session_view.hpp"

namespace ctgate {

struct Traffic {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;  // from the IP header on
};

struct SessionTraffic {
    Traffic original, reply;
    bool short_path = false;  // the session cache was asked: it counts what went the short path
    bool stack = false;       // conntrack has counted what went through the stack

    std::uint64_t packets() const { return original.packets + reply.packets; }
    std::uint64_t bytes() const { return original.bytes + reply.bytes; }
};

// Asks the session cache of what serves the network namespace the thread is in; without one (or
// with one of another version), only what conntrack has counted is known. A record lives as long as
// the cache has room: the counts of a session that was idle may have begun anew.
class TrafficCounts {
  public:
    TrafficCounts();
    SessionTraffic of(const Session& session, Nat nat) const;
    // The records of a session that has ended: they would be followed for up to a second.
    void forget(const Session& session) const;

  private:
    FileDescriptor cache_;
    std::vector<unsigned> internal_, external_;  // ifindexes
};

}  // namespace ctgate

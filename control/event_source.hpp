// SPDX-License-Identifier: GPL-2.0-only
// All events of the gateway of this network namespace: those of the dataplane as they come, and
// once a second the ends of sessions.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/event.hpp"
#include "control/event_ring.hpp"
#include "control/run_directory.hpp"
#include "control/session_watch.hpp"

namespace ctgate {

class EventSource {
  public:
    using Sink = std::function<void(const Event&)>;

    // nullptr: another process reads them. Throws when they cannot be read. `directory` outlives
    // this object.
    static std::unique_ptr<EventSource> open(const RunDirectory& directory);

    int fd() const { return ring_->fd(); }  // readable when something has come
    void drain(const Sink& sink);
    // To be called each second, and first of all.
    void tick(const Sink& sink);
    // Whether ends of sessions are wanted: then their table is read now and then. What is there
    // already is known from the next tick on.
    void watch_sessions(bool yes);

  private:
    EventSource(std::unique_ptr<EventRing> ring, const RunDirectory& directory);
    void look(const Sink& sink);

    std::unique_ptr<EventRing> ring_;
    const RunDirectory& directory_;
    std::unique_ptr<SessionWatch> watch_;
    bool first_look_ = true;
    SessionWatch::Clock::time_point next_look_;
    std::string trouble_;  // of the last look, as reported
};

}  // namespace ctgate

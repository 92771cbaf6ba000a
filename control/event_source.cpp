// SPDX-License-Identifier: GPL-2.0-only
#include "control/event_source.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "control/serving.hpp"

namespace ctgate {
namespace {

using namespace std::chrono_literals;
using Clock = SessionWatch::Clock;

// Between two looks at the sessions; and at most a tenth of the time goes into them.
constexpr auto interval = 900ms;
constexpr int share = 10;

SessionWatch::Ended ends(const EventSource::Sink& sink) {
    return [&sink](const Session& session, const char* why, bool shared) {
        Event event = session_event(EventKind::SESSION_ENDED, session, now_ns());
        event.reason = why;
        event.shared = shared;
        sink(event);
    };
}

}  // namespace

std::unique_ptr<EventSource> EventSource::open(const RunDirectory& directory) {
    auto ring = EventRing::open(directory);
    if (!ring) {
        return nullptr;
    }
    return std::unique_ptr<EventSource>(new EventSource(std::move(ring), directory));
}

EventSource::EventSource(std::unique_ptr<EventRing> ring, const RunDirectory& directory)
    : ring_(std::move(ring)), directory_(directory) {}

void EventSource::drain(const Sink& sink) {
    ring_->drain([&](const ctgate_event& record, std::int64_t offset) {
        if (watch_ && record.kind == CTGATE_EVENT_SESSION_CREATED) {
            const Clock::time_point began{std::chrono::nanoseconds(record.time)};
            watch_->note(session_of(record), record.shared != 0, began, ends(sink));
        }
        sink(to_event(record, offset));
    });
}

void EventSource::tick(const Sink& sink) {
    if (!ring_->listen()) {
        sink(lost_event(0, "listening", "the reader of the dataplane was too late"));
    }
    drain(sink);
    for (const auto& [kind, count] : ring_->lost()) {
        sink(lost_event(count, kind_name(kind), "the dataplane's ring was full"));
    }
    if (watch_ && Clock::now() >= next_look_) {
        look(sink);
    }
}

void EventSource::watch_sessions(bool yes) {
    if (yes && !watch_) {
        watch_ = std::make_unique<SessionWatch>();
        first_look_ = true;
        next_look_ = {};
    } else if (!yes) {
        watch_.reset();
    }
}

void EventSource::look(const Sink& sink) {
    const auto begin = Clock::now();
    try {
        const auto serving = Serving::read(directory_);
        watch_->begin(serving ? serving->addresses() : std::set<IpAddress>());
        conntrack::for_each([&](const Session& session) {
            watch_->see(session, Clock::now(), [&](const Session& unknown) {
                // Of TCP and UDP the dataplane tells.
                if (!first_look_ && unknown.protocol != IPPROTO_TCP &&
                    unknown.protocol != IPPROTO_UDP) {
                    sink(session_event(EventKind::SESSION_CREATED, unknown, now_ns()));
                }
            });
        });
        watch_->end(begin, ends(sink));
        first_look_ = false;
        trouble_.clear();
    } catch (const std::exception& error) {
        if (trouble_ != error.what()) {
            trouble_ = error.what();
            sink(lost_event(0, kind_name(EventKind::SESSION_ENDED), trouble_));
        }
    }
    const auto now = Clock::now();
    next_look_ = now + std::max<Clock::duration>(interval, (now - begin) * share);
}

}  // namespace ctgate

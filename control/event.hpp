// SPDX-License-Identifier: GPL-2.0-only
// One thing that happened to the gateway or its sessions, as `ctgate events` and the logs tell it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "control/session_view.hpp"
#include "ctgate/events.h"

namespace ctgate {

// Those of the dataplane first, in its order.
#define CTGATE_EVENT_KINDS(X)                 \
    CTGATE_EVENTS(X)                          \
    X(SESSION_ENDED, "session_ended")         \
    X(LISTENING, "listening")                 \
    X(LOST, "lost")                           \
    X(RELOADED, "reloaded")                   \
    X(RELOAD_FAILED, "reload_failed")         \
    X(ADDRESSES_CHANGED, "addresses_changed") \
    X(REPAIRED, "repaired")                   \
    X(DAEMON_ENDED, "daemon_ended")

enum class EventKind {
#define CTGATE_KIND(id, name) id,
    CTGATE_EVENT_KINDS(CTGATE_KIND)
#undef CTGATE_KIND
};

std::string_view kind_name(EventKind kind);
std::optional<EventKind> kind_of(std::string_view name);
std::string kind_names();  // all, with commas between

struct Event {
    EventKind kind = EventKind::LISTENING;
    std::int64_t time = 0;      // CLOCK_REALTIME, ns
    std::uint8_t protocol = 0;  // IPPROTO_*; 0: none
    Nat nat = Nat::none;        // of a session
    bool shared = false;        // session: others may have the same external endpoint
    std::optional<SessionEnd> internal, external, remote;
    // Hairpinning: the external endpoint that the first packet was addressed to.
    std::optional<SessionEnd> addressed;
    // What was refused, as it came.
    std::optional<SessionEnd> source, destination;
    std::string reason;       // a word that is stable
    std::string message;      // for people
    unsigned first_port = 0;  // of a port block
    unsigned last_port = 0;
    std::uint64_t count = 0;  // LOST: how many; REFUSED: how many more were left out
};

std::int64_t now_ns();  // CLOCK_REALTIME
// A sentence of the daemon, now.
Event notice(EventKind kind, std::string message);
Event lost_event(std::uint64_t count, std::string_view what, std::string message);
// Of those lost; 0: "some".
std::string count_text(std::uint64_t count);
Event session_event(EventKind kind, const Session& session, std::int64_t time);
// `offset`: to be added to CLOCK_MONOTONIC.
Event to_event(const ctgate_event& record, std::int64_t offset);
// The session of such a record, as conntrack would tell it.
Session session_of(const ctgate_event& record);

// "2026-01-31T12:00:00.123456Z"
std::string time_text(std::int64_t time);
// An object on one line, without the end of the line.
std::string json_line(const Event& event);

}  // namespace ctgate

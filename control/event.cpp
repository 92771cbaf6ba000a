// SPDX-License-Identifier: GPL-2.0-only
#include "control/event.hpp"

#include <fmt/core.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <ctime>
#include <utility>

#include "ctgate/counters.h"

namespace ctgate {
namespace {

struct Text {
    std::string_view name, text;
};

constexpr Text counter_texts[] = {
#define CTGATE_TEXT(id, name, text) {name, text},
    CTGATE_COUNTERS(CTGATE_TEXT) CTGATE_DROP_REASONS(CTGATE_TEXT)
#undef CTGATE_TEXT
};

constexpr std::string_view names[] = {
#define CTGATE_NAME(id, name) name,
    CTGATE_EVENT_KINDS(CTGATE_NAME)
#undef CTGATE_NAME
};

constexpr std::int64_t second = 1'000'000'000;

Endpoint endpoint_of(const ctgate_event_end& end) {
    return {{end.address.words[0]}, ntohs(end.port)};
}

// Without port: a host.
SessionEnd end_of(const ctgate_event_end& end) {
    const Endpoint endpoint = endpoint_of(end);
    SessionEnd result{endpoint.address, std::nullopt, std::nullopt};
    if (endpoint.port != 0) {
        result.port = endpoint.port;
    }
    return result;
}

void describe_refusal(const ctgate_event& record, Event& event) {
    event.source = end_of(record.source);
    event.destination = end_of(record.destination);
    event.count = record.left_out;
    if (record.reason < std::size(counter_texts)) {
        event.reason = counter_texts[record.reason].name;
        event.message = counter_texts[record.reason].text;
    }
}

}  // namespace

std::string_view kind_name(EventKind kind) {
    return names[static_cast<std::size_t>(kind)];
}

std::optional<EventKind> kind_of(std::string_view name) {
    for (std::size_t i = 0; i < std::size(names); i++) {
        if (names[i] == name) {
            return static_cast<EventKind>(i);
        }
    }
    return std::nullopt;
}

std::string kind_names() {
    std::string result;
    for (const std::string_view name : names) {
        result += result.empty() ? "" : ", ";
        result += name;
    }
    return result;
}

std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * second + now.tv_nsec;
}

Event notice(EventKind kind, std::string message) {
    Event event;
    event.kind = kind;
    event.time = now_ns();
    event.message = std::move(message);
    return event;
}

Event lost_event(std::uint64_t count, std::string_view what, std::string message) {
    Event event = notice(EventKind::LOST, std::move(message));
    event.count = count;
    event.reason = what;
    return event;
}

std::string count_text(std::uint64_t count) {
    return count == 0 ? "some" : std::to_string(count);
}

Event session_event(EventKind kind, const Session& session, std::int64_t time) {
    const SessionView seen = view(session);
    Event event;
    event.kind = kind;
    event.time = time;
    event.protocol = session.protocol;
    event.nat = seen.nat;
    event.internal = seen.internal;
    event.external = seen.external;
    event.remote = seen.remote;
    if (seen.nat == Nat::both) {
        event.addressed = seen.original_destination;
    }
    return event;
}

Session session_of(const ctgate_event& record) {
    Session session;
    session.protocol = record.protocol;
    session.source = endpoint_of(record.source);
    session.destination = endpoint_of(record.destination);
    session.reply_source = session.destination;
    session.reply_destination = session.source;
    if (record.new_source.port != 0) {
        session.reply_destination = endpoint_of(record.new_source);
        session.status |= IPS_SRC_NAT;
    }
    if (record.new_destination.port != 0) {
        session.reply_source = endpoint_of(record.new_destination);
        session.status |= IPS_DST_NAT;
    }
    return session;
}

Event to_event(const ctgate_event& record, std::int64_t offset) {
    const auto kind = static_cast<EventKind>(record.kind);
    const std::int64_t time = static_cast<std::int64_t>(record.time) + offset;
    if (kind == EventKind::SESSION_CREATED) {
        Event event = session_event(kind, session_of(record), time);
        event.shared = record.shared != 0;
        return event;
    }
    Event event;
    event.kind = kind;
    event.time = time;
    event.protocol = record.protocol;
    if (kind == EventKind::REFUSED) {
        describe_refusal(record, event);
        return event;
    }
    event.internal = end_of(record.source);
    event.external = end_of(record.new_source);
    if (kind == EventKind::BLOCK_TAKEN || kind == EventKind::BLOCK_RELEASED) {
        event.external->port.reset();
        event.first_port = ntohs(record.new_source.port);
        event.last_port = event.first_port + record.ports - 1;
    } else {
        event.internal->port = ntohs(record.source.port);  // 0, too
    }
    return event;
}

std::string time_text(std::int64_t time) {
    const std::time_t seconds = time / second;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                       time % second / 1000);
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include <nlohmann/json.hpp>

#include "control/conntrack_names.hpp"
#include "control/event.hpp"
#include "control/session_json.hpp"

namespace ctgate {

std::string json_line(const Event& event) {
    nlohmann::ordered_json json = {{"time", time_text(event.time)},
                                   {"event", kind_name(event.kind)}};
    const auto end = [&](const char* name, const std::optional<SessionEnd>& value) {
        if (value) {
            json[name] = end_json(*value);
        }
    };
    if (event.protocol != 0) {
        json["protocol"] = conntrack::protocol_name(event.protocol);
    }
    if (event.nat != Nat::none) {
        json["nat"] = nat_name(event.nat);
    }
    end("internal", event.internal);
    end("external", event.external);
    end("remote", event.remote);
    end("addressed", event.addressed);
    end("source", event.source);
    end("destination", event.destination);
    if (event.last_port != 0) {
        json["ports"] = {{"first", event.first_port}, {"last", event.last_port}};
    }
    if (!event.reason.empty()) {
        json["reason"] = event.reason;
    }
    if (!event.message.empty()) {
        json["message"] = event.message;
    }
    if (event.kind == EventKind::LOST) {
        json["count"] = event.count;
    } else if (event.count != 0) {
        json["left_out"] = event.count;
    }
    // Messages may hold names of interfaces, which may be any bytes; JSON may not.
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace ctgate

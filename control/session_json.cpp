// SPDX-License-Identifier: GPL-2.0-only
#include "control/session_json.hpp"

#include "control/conntrack_names.hpp"
#include "control/session_view.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

ordered_json tuple_json(const SessionEnd& source, const SessionEnd& destination) {
    return {{"source", end_json(source)}, {"destination", end_json(destination)}};
}

}  // namespace

ordered_json end_json(const SessionEnd& end) {
    ordered_json json = {{"address", end.address.text()}};
    if (end.port) {
        json["port"] = *end.port;
    }
    if (end.icmp_id) {
        json["id"] = *end.icmp_id;
    }
    return json;
}

ordered_json session_json(const Session& session, std::uint32_t accepted_mark) {
    const SessionView seen = view(session);
    return {
        {"protocol", conntrack::protocol_name(session.protocol)},
        {"state", seen.state},
        {"nat", nat_name(seen.nat)},
        {"internal", end_json(seen.internal)},
        {"external", seen.external ? end_json(*seen.external) : ordered_json()},
        {"remote", end_json(seen.remote)},
        {"timeout", session.timeout},
        {"accepted", (session.mark & accepted_mark) != 0},
        {"mark", session.mark},
        {"status", conntrack::status_names(session.status)},
        {"original", tuple_json(seen.original_source, seen.original_destination)},
        {"reply", tuple_json(seen.reply_source, seen.reply_destination)},
    };
}

void add_traffic(ordered_json& session, const SessionTraffic& traffic) {
    const bool known = traffic.short_path || traffic.stack;
    const auto direction = [](const Traffic& each) {
        return ordered_json{{"packets", each.packets}, {"bytes", each.bytes}};
    };
    session["packets"] = known ? ordered_json(traffic.packets()) : ordered_json();
    session["bytes"] = known ? ordered_json(traffic.bytes()) : ordered_json();
    session["traffic"] = {{"original", direction(traffic.original)},
                          {"reply", direction(traffic.reply)},
                          {"short_path", traffic.short_path},
                          {"stack", traffic.stack}};
}

}  // namespace ctgate

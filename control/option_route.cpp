// SPDX-License-Identifier: GPL-2.0-only
// --route CIDR,via=ADDR,dev=IF
#include <fmt/format.h>

#include "control/option_complaints.hpp"
#include "control/option_values.hpp"

namespace ctgate {
namespace {

// What the part of a --route behind its prefix says, one "KEY=VALUE" at a time.
Complaint take_route_part(const std::string& part, RouteOption& route) {
    const std::size_t at = part.find('=');
    const std::string key = part.substr(0, at);
    const std::string value = at == std::string::npos ? "" : part.substr(at + 1);
    if (key == "via" && !route.via) {
        route.via = IpAddress::parse(value);
        return route.via ? host_complaint(*route.via)
                         : Complaint("needs an address behind via=, such as via=192.0.2.1");
    }
    if (key == "dev" && route.interface.empty()) {
        route.interface = value;
        return interface_complaint(value)
                   ? Complaint("needs the name of an interface behind dev=, such as dev=eth0")
                   : std::nullopt;
    }
    return key == "via" || key == "dev"
               ? fmt::format("has two {}=; keep one", key)
               : fmt::format("has {}, which is neither via=ADDR nor dev=IF", quote(part));
}

Complaint destination_complaint(const std::string& text, std::optional<IpPrefix>& destination) {
    destination = IpPrefix::parse(text);
    if (!destination) {
        return "does not begin with a prefix; write it as 10.0.0.0/8,via=192.0.2.1,dev=eth0";
    }
    return network_complaint(*destination);
}

Complaint parse_route(const std::string& value, RouteOption& route) {
    std::size_t at = value.find(',');
    std::optional<IpPrefix> destination;
    if (Complaint complaint = destination_complaint(value.substr(0, at), destination)) {
        return complaint;
    }
    route.destination = *destination;
    while (at != std::string::npos) {
        const std::size_t next = value.find(',', at + 1);
        if (Complaint complaint = take_route_part(value.substr(at + 1, next - at - 1), route)) {
            return complaint;
        }
        at = next;
    }
    if (!route.via && route.interface.empty()) {
        return "leads nowhere; add via=ADDR, dev=IF or both";
    }
    return std::nullopt;
}

}  // namespace

Complaint take_route(const std::string& value, Config& config) {
    RouteOption route;
    Complaint complaint = parse_route(value, route);
    if (!complaint) {
        config.routes.push_back(route);
    }
    return complaint;
}

}  // namespace ctgate

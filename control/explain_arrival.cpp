// SPDX-License-Identifier: GPL-2.0-only
// Where a packet arrives that is to be explained.
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "control/explain.hpp"
#include "control/route_query.hpp"

namespace ctgate {
namespace {

using explain::side_of;

std::string served(const Serving& serving) {
    std::vector<std::string> external;
    for (const ExternalInterface& each : serving.external) {
        external.push_back(each.name);
    }
    return fmt::format("ctgate serves {} (internal) and {} (external)",
                       fmt::join(serving.internal, ", "), fmt::join(external, ", "));
}

Link link_to(IpAddress source, const Serving& serving) {
    const RouteAnswer route = query_route({.destination = source, .source = {}});
    if (!route.problem.empty()) {
        throw std::runtime_error(fmt::format(
            "There is no route to {} ({}), so that it is not known where it would arrive; name "
            "that with --interface; {}",
            source.text(), route.problem, served(serving)));
    }
    if (route.local) {
        throw std::runtime_error(
            fmt::format("{} is an address of the router itself: what it sends arrives nowhere; for "
                        "a packet that pretends to come from there, name the interface with "
                        "--interface",
                        source.text()));
    }
    const auto link = Netlink().link(route.output);
    if (!link || !side_of(link->name, serving)) {
        throw std::runtime_error(fmt::format(
            "The route to {} leads to '{}', which ctgate does not serve; name another interface "
            "with --interface; {}",
            source.text(), link ? link->name : "?", served(serving)));
    }
    return *link;
}

Link named_link(const std::string& name, const Serving& serving) {
    const auto link = Netlink().link(name);
    if (!link) {
        throw std::runtime_error(
            fmt::format("There is no interface '{}'; {}", name, served(serving)));
    }
    if (!side_of(name, serving)) {
        throw std::runtime_error(fmt::format("'{}' is left alone; {}", name, served(serving)));
    }
    return *link;
}

}  // namespace

std::optional<Side> explain::side_of(const std::string& interface, const Serving& serving) {
    const auto& internal = serving.internal;
    if (std::find(internal.begin(), internal.end(), interface) != internal.end()) {
        return Side::internal;
    }
    const bool external =
        std::any_of(serving.external.begin(), serving.external.end(),
                    [&](const ExternalInterface& each) { return each.name == interface; });
    return external ? std::optional(Side::external) : std::nullopt;
}

std::string explain::find_arrival(const Question& question, const Serving& serving,
                                  RehearsedPacket& packet) {
    const bool named = !question.interface.empty();
    packet.arrival =
        named ? named_link(question.interface, serving) : link_to(packet.source.address, serving);
    packet.side = side_of(packet.arrival.name, serving).value();
    const std::string reason =
        named ? "as asked for"
              : fmt::format("where the route to {} leads", packet.source.address.text());
    return fmt::format("on {} interface '{}', {}",
                       packet.side == Side::internal ? "internal" : "external", packet.arrival.name,
                       reason);
}

}  // namespace ctgate

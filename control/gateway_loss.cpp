// SPDX-License-Identifier: GPL-2.0-only
// What cannot go on with another configuration, and its end.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <iterator>

#include "control/changes.hpp"
#include "control/gateway.hpp"
#include "control/mappings.hpp"
#include "control/sessions.hpp"

namespace ctgate {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool has(const std::vector<AddressOption>& options, const AddressOption& wanted) {
    return std::any_of(options.begin(), options.end(), [&](const AddressOption& each) {
        return changes::key_of(each) == changes::key_of(wanted);
    });
}

// Networks that are reached by these interfaces alone. An interface that is down has addresses,
// but no routes.
std::vector<IpPrefix> networks_behind(const std::set<int>& interfaces, Netlink& netlink) {
    std::vector<IpPrefix> behind, elsewhere;
    for (const auto& each : {netlink.addresses(), netlink.routes()}) {
        for (const auto& [interface, prefix] : each) {
            (interfaces.contains(interface) ? behind : elsewhere).push_back(prefix);
        }
    }
    std::vector<IpPrefix> result;
    for (const IpPrefix& network : behind) {
        // The longest prefix decides.
        std::vector<IpPrefix> holes;
        std::copy_if(elsewhere.begin(), elsewhere.end(), std::back_inserter(holes),
                     [&](const IpPrefix& each) { return network.contains(each); });
        const std::vector<IpPrefix> parts = subtract(network, holes);
        result.insert(result.end(), parts.begin(), parts.end());
    }
    return result;
}

}  // namespace

sessions::Loss Gateway::loss_by(const Config& config) {
    Netlink netlink;
    sessions::Loss loss;
    for (const ExternalInterface& each : serving_.external) {
        if (!has(config.external, each.name)) {
            for (const ExternalAddress& address : each.addresses) {
                loss.external.insert(address.address);
            }
        }
    }
    for (const AddressOption& each : config_.addresses) {
        if (journal_.find(changes::key_of(each)) != nullptr && !has(config.addresses, each)) {
            loss.external.insert(each.prefix.address);
        }
    }
    std::set<int> inside, removed;  // interfaces
    for (const std::string& name : serving_.internal) {
        if (const auto link = netlink.link(name)) {
            inside.insert(link->index);
            if (!has(config.internal, name)) {
                removed.insert(link->index);
            }
        }
    }
    loss.internal = networks_behind(removed, netlink);
    loss.inside = networks_behind(inside, netlink);
    // What goes to internal hosts or to the router itself is translated in no case.
    std::vector<IpPrefix> holes = config.no_nat;
    holes.insert(holes.end(), loss.inside.begin(), loss.inside.end());
    for (const IpAddress& each : serving_.addresses()) {
        holes.push_back({each, 32});
    }
    for (const IpPrefix& each : config_.no_nat) {
        const std::vector<IpPrefix> parts = subtract(each, holes);
        loss.not_exempt.insert(loss.not_exempt.end(), parts.begin(), parts.end());
    }
    return loss;
}

// They could not go on anyway; those that stay by mistake end in time. A mapping goes before its
// sessions, so that nobody outside begins one by it; its port after them.
void Gateway::end(const sessions::Loss& loss) {
    try {
        const PortMaps maps = dataplane_->port_maps();
        SessionFilter filter;
        for (const IpPrefix& each : loss.internal) {
            filter.host = each;
            mappings::end(maps, filter);
        }
        sessions::end_those_of(loss);
        for (const IpPrefix& each : loss.internal) {
            filter.host = each;
            mappings::expire(maps, filter);
        }
        note_sessions();
    } catch (const std::exception& error) {
        spdlog::error("Not all sessions ended that cannot go on: {}", error.what());
    }
}

}  // namespace ctgate

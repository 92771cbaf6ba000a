// SPDX-License-Identifier: GPL-2.0-only
// Whose an endpoint is by the configuration alone: nothing of this machine is looked at.
#include <fmt/format.h>

#include <algorithm>

#include "control/deterministic.hpp"
#include "control/forwards.hpp"
#include "control/port_spaces.hpp"
#include "control/whois.hpp"

namespace ctgate {
namespace {

// What --address gives to the interface.
std::vector<IpPrefix> addresses_of(const Config& config, const std::string& interface) {
    std::vector<IpPrefix> result;
    for (const AddressOption& each : config.addresses) {
        if (each.interface == interface) {
            result.push_back(each.prefix);
        }
    }
    return result;
}

IpPrefix prefix_of(const Config& config) {
    if (config.deterministic->prefix) {
        return *config.deterministic->prefix;
    }
    const std::vector<IpPrefix> own = addresses_of(config, config.internal.front());
    if (own.empty()) {
        throw ConfigError(
            {fmt::format("--deterministic has no prefix, and no --address says which network is "
                         "that of interface '{}'; write --deterministic=PREFIX",
                         config.internal.front())});
    }
    return {own.front().network(), own.front().length};
}

std::optional<EndpointOwner> one_to_one_owner(const Config& config, const Endpoint& external) {
    const auto found =
        std::find_if(config.one_to_one.begin(), config.one_to_one.end(),
                     [&](const auto& each) { return each.external == external.address; });
    if (found == config.one_to_one.end()) {
        return std::nullopt;
    }
    return EndpointOwner{.internal = found->internal,
                         .port = external.port,
                         .how = "one-to-one",
                         .block = std::nullopt};
}

std::optional<EndpointOwner> forward_owner(const Forwards& forwards, const Endpoint& external,
                                           std::uint8_t protocol) {
    const auto space = forwards.find({external.address, protocol});
    if (space == forwards.end() || !space->second.contains(external.port)) {
        return std::nullopt;
    }
    const Endpoint& internal = space->second.at(external.port).internal;
    return EndpointOwner{.internal = internal.address,
                         .port = internal.port,
                         .how = "forward",
                         .block = std::nullopt};
}

std::optional<EndpointOwner> computed_owner(const ExternalInterface& interface,
                                            const Endpoint& external) {
    const auto host = deterministic_host(interface, external.address, external.port);
    if (!host) {
        return std::nullopt;
    }
    return EndpointOwner{.internal = *host,
                         .port = std::nullopt,
                         .how = "deterministic",
                         .block = block_around(external.port, interface.block_order)};
}

}  // namespace

std::vector<EndpointOwner> owners_by_config(const Config& config, const Endpoint& external,
                                            const std::vector<std::uint8_t>& protocols) {
    Config known = config;
    known.deterministic->prefix = prefix_of(config);
    std::vector<ExternalInterface> interfaces;
    interfaces.reserve(config.external.size());
    Forwards forwards;
    for (const std::string& name : config.external) {
        const ExternalInterface& interface = interfaces.emplace_back(external_interface(
            known, name, addresses_of(config, name), config.external.size() == 1));
        if (interface.addresses.empty()) {
            throw ConfigError(
                {fmt::format("The options do not say which external address interface "
                             "'{0}' has; add --external-address {0}=ADDR",
                             name)});
        }
        forwards.merge(forwards_of(config, interface, 0));
    }
    std::vector<EndpointOwner> result;
    for (const std::uint8_t protocol : protocols) {
        // The same order as that of the dataplane: what is configured for it has the port.
        std::optional<EndpointOwner> owner = one_to_one_owner(config, external);
        if (!owner) {
            owner = forward_owner(forwards, external, protocol);
        }
        for (auto each = interfaces.begin(); !owner && each != interfaces.end(); ++each) {
            owner = computed_owner(*each, external);
        }
        if (owner) {
            owner->protocol = protocol;
            result.push_back(*owner);
        }
    }
    return result;
}

}  // namespace ctgate

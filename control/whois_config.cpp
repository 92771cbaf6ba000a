// SPDX-License-Identifier: GPL-2.0-only
// Whose an endpoint is by the configuration alone: nothing of this machine is looked at.
#include <fmt/format.h>

#include "control/deterministic.hpp"
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

}  // namespace

std::vector<EndpointOwner> owners_by_config(const Config& config, const Endpoint& external,
                                            const std::vector<std::uint8_t>& protocols) {
    Config known = config;
    known.deterministic->prefix = prefix_of(config);
    std::vector<EndpointOwner> result;
    for (const std::string& name : config.external) {
        const ExternalInterface interface = external_interface(
            known, name, addresses_of(config, name), config.external.size() == 1);
        if (interface.addresses.empty()) {
            throw ConfigError(
                {fmt::format("The options do not say which external address interface "
                             "'{0}' has; add --external-address {0}=ADDR",
                             name)});
        }
        const auto host = deterministic_host(interface, external.address, external.port);
        for (const std::uint8_t protocol : protocols) {
            if (host) {
                result.push_back({.protocol = protocol,
                                  .internal = *host,
                                  .port = std::nullopt,
                                  .how = "deterministic",
                                  .block = block_around(external.port, interface.block_order)});
            }
        }
    }
    return result;
}

}  // namespace ctgate

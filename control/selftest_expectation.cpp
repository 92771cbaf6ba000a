// SPDX-License-Identifier: GPL-2.0-only
#include "control/selftest_expectation.hpp"

#include <algorithm>

#include "control/behaviour.hpp"
#include "control/selftest_network.hpp"

namespace ctgate::selftest {

bool Expectation::is_external(IpAddress address) const {
    return std::find(external.begin(), external.end(), address) != external.end();
}

bool Expectation::may_use(std::uint16_t port) const {
    if (port_ranges.empty()) {
        return port >= CTGATE_PORT_LOW;
    }
    return std::any_of(port_ranges.begin(), port_ranges.end(), [&](const PortRangeOption& range) {
        return range.low <= port && port <= range.high;
    });
}

Expectation expectation_of(const Config& config) {
    Expectation result;
    result.behaviour = in_force(config.behaviour);
    for (const ExternalAddressOption& option : config.external_addresses) {
        result.external.push_back(option.address);
    }
    if (result.external.empty()) {
        result.external.push_back(external_address);
    }
    result.port_ranges = config.port_ranges;
    result.timeouts = config.timeouts;
    return result;
}

FilteringBehaviour filtering_seen(bool from_other_port, bool from_other_address) {
    if (from_other_address) {
        return FilteringBehaviour::endpoint_independent;
    }
    return from_other_port ? FilteringBehaviour::address_dependent
                           : FilteringBehaviour::address_and_port_dependent;
}

}  // namespace ctgate::selftest

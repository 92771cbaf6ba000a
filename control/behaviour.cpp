// SPDX-License-Identifier: GPL-2.0-only
#include "control/behaviour.hpp"

namespace ctgate {

NatBehaviour in_force(NatBehaviour asked) {
    if (asked.mapping == MappingBehaviour::address_and_port_dependent) {
        asked.filtering = FilteringBehaviour::address_and_port_dependent;
    }
    return asked;
}

NatBehaviour behaviour_of(const Config& config, IpAddress host, std::uint8_t protocol) {
    NatBehaviour result = config.behaviour;
    int mapping_length = -1;
    int filtering_length = -1;
    for (const HostOption& option : config.hosts) {
        if (!option.prefix.contains(host) || option.protocol.value_or(protocol) != protocol) {
            continue;
        }
        const int length = static_cast<int>(option.prefix.length);
        if (option.mapping && length > mapping_length) {
            result.mapping = *option.mapping;
            mapping_length = length;
        }
        if (option.filtering && length > filtering_length) {
            result.filtering = *option.filtering;
            filtering_length = length;
        }
    }
    return in_force(result);
}

}  // namespace ctgate

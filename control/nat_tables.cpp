// SPDX-License-Identifier: GPL-2.0-only
#include "control/nat_tables.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <iterator>

#include "control/behaviour.hpp"

namespace ctgate {
namespace {

constexpr unsigned word_bits = 32;

__u8 dependence(MappingBehaviour mapping) {
    return mapping == MappingBehaviour::endpoint_independent ? CTGATE_ENDPOINT_INDEPENDENT
                                                             : CTGATE_ADDRESS_AND_PORT_DEPENDENT;
}

__u8 dependence(FilteringBehaviour filtering) {
    switch (filtering) {
        case FilteringBehaviour::endpoint_independent:
            return CTGATE_ENDPOINT_INDEPENDENT;
        case FilteringBehaviour::address_dependent:
            return CTGATE_ADDRESS_DEPENDENT;
        case FilteringBehaviour::address_and_port_dependent:
            break;
    }
    return CTGATE_ADDRESS_AND_PORT_DEPENDENT;
}

ctgate_settings settings_of(const Config& config) {
    ctgate_settings settings{};
    if (config.dmz) {
        settings.dmz = config.dmz->to_bytes();
    }
    settings.udp_timeout = config.timeouts.udp;
    settings.tcp_established_timeout = config.timeouts.tcp_established;
    settings.tcp_transitory_timeout = config.timeouts.tcp_transitory;
    settings.rest = CTGATE_PORT_REST;
    settings.max_ports_per_host = config.max_ports_per_host;
    settings.max_sessions_per_host = config.max_sessions_per_host;
    settings.max_new_per_second = config.max_new_per_second;
    settings.inbound_refresh = config.inbound_refresh ? 1 : 0;
    settings.overload_when_full = config.overload_when_full ? 1 : 0;
    settings.refusal_icmp = config.refuse_icmp ? 1 : 0;
    settings.short_path = config.fast_path == FastPath::off ? 0 : 1;
    return settings;
}

// What holds in this prefix, unless a longer one says otherwise.
ctgate_behaviour behaviour_in(const Config& config, const IpPrefix& prefix, std::uint8_t protocol) {
    Config wider = config;
    std::erase_if(wider.hosts,
                  [&](const HostOption& each) { return each.prefix.length > prefix.length; });
    const NatBehaviour behaviour = behaviour_of(wider, prefix.network(), protocol);
    ctgate_behaviour result{};
    result.mapping = dependence(behaviour.mapping);
    result.filtering = dependence(behaviour.filtering);
    return result;
}

void add_behaviours(const Config& config, NatTables& tables) {
    std::vector<IpPrefix> prefixes = {IpPrefix{{}, 0}};
    std::transform(config.hosts.begin(), config.hosts.end(), std::back_inserter(prefixes),
                   [](const HostOption& each) { return each.prefix; });
    for (const IpPrefix& prefix : prefixes) {
        for (const int protocol : {IPPROTO_TCP, IPPROTO_UDP}) {
            const ctgate_behaviour_key key{.prefix_length = CTGATE_PROTOCOL_BITS + prefix.length,
                                           .protocol = htonl(static_cast<__u32>(protocol)),
                                           .internal = prefix.network().to_bytes()};
            tables.behaviours[key] =
                behaviour_in(config, prefix, static_cast<std::uint8_t>(protocol));
        }
    }
}

}  // namespace

Table<ctgate_access_key, __u32> access_lists(const Config& config) {
    Table<ctgate_access_key, __u32> lists;
    for (std::size_t i = 0; i < config.forwards.size(); ++i) {
        const ForwardOption& forward = config.forwards[i];
        const __u32 number = access_number(config, i);
        if (number == 0) {
            continue;
        }
        const auto put = [&](const IpPrefix& prefix, __u32 allowed) {
            const ctgate_access_key key{.prefix_length = word_bits + prefix.length,
                                        .access = htonl(number),
                                        .remote = prefix.network().to_bytes()};
            lists[key] = allowed;
        };
        put(IpPrefix{{}, 0}, forward.from.empty() ? 1 : 0);
        for (const IpPrefix& each : forward.from) {
            put(each, 1);
        }
        for (const IpPrefix& each : forward.not_from) {
            put(each, 0);
        }
    }
    return lists;
}

__u32 access_number(const Config& config, std::size_t forward) {
    const ForwardOption& option = config.forwards.at(forward);
    if (option.from.empty() && option.not_from.empty()) {
        return 0;
    }
    // Places begin with 1; numbers of those made at run time are far above.
    return option.number != 0 ? option.number : static_cast<__u32>(forward + 1);
}

NatTables nat_tables(const Config& config) {
    NatTables tables;
    tables.settings = settings_of(config);
    add_behaviours(config, tables);
    tables.access = access_lists(config);
    for (const IpPrefix& each : config.no_nat) {
        tables.exemptions[{.prefix_length = each.length, .address = each.network().to_bytes()}] = 1;
    }
    for (const OneToOneOption& each : config.one_to_one) {
        tables.one_to_one[each.internal.to_bytes()] = each.external.to_bytes();
    }
    return tables;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/deterministic.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "ctgate/port_blocks.h"
#include "ctgate/ports.h"

namespace ctgate {
namespace {

constexpr unsigned address_bits = 32;

std::uint64_t hosts_in(const IpPrefix& prefix) {
    return std::uint64_t{1} << (address_bits - prefix.length);
}

std::uint64_t blocks_of(const ExternalInterface& interface, unsigned order) {
    std::uint64_t count = 0;
    for (const ExternalAddress& address : interface.addresses) {
        for (const ctgate_port_range& range : address.ranges) {
            count += ctgate_blocks_in(&range, order);
        }
    }
    return count;
}

IpAddress numbered(std::uint32_t host) {
    return IpAddress{htonl(host)};
}

}  // namespace

std::optional<unsigned> deterministic_order(const Config& config,
                                            const ExternalInterface& interface) {
    const std::uint64_t hosts = hosts_in(*config.deterministic->prefix);
    if (config.port_block_size != 0) {
        const auto order = static_cast<unsigned>(std::countr_zero(config.port_block_size));
        return blocks_of(interface, order) >= hosts ? std::optional(order) : std::nullopt;
    }
    for (unsigned order = CTGATE_MAX_BLOCK_ORDER; order >= CTGATE_MIN_BLOCK_ORDER; --order) {
        if (blocks_of(interface, order) >= hosts) {
            return order;
        }
    }
    return std::nullopt;
}

std::string deterministic_complaint(const Config& config, const ExternalInterface& interface) {
    const unsigned size =
        config.port_block_size != 0 ? config.port_block_size : 1U << CTGATE_MIN_BLOCK_ORDER;
    const auto order = static_cast<unsigned>(std::countr_zero(size));
    return fmt::format(
        "has {} hosts, but the {} external address{} of interface '{}' {} {} blocks of {} ports; "
        "take a longer prefix, more external addresses{}",
        hosts_in(*config.deterministic->prefix), interface.addresses.size(),
        interface.addresses.size() == 1 ? "" : "es", interface.name,
        interface.addresses.size() == 1 ? "has" : "have", blocks_of(interface, order), size,
        size > 1U << CTGATE_MIN_BLOCK_ORDER ? ", wider port ranges or smaller blocks"
                                            : " or wider port ranges");
}

std::optional<std::size_t> deterministic_address(const ExternalInterface& interface,
                                                 IpAddress host) {
    for (std::size_t n = 0; n < interface.addresses.size(); ++n) {
        const auto hosts = deterministic_hosts(interface, n);
        if (hosts && hosts->first <= host && host <= hosts->last) {
            return n;
        }
    }
    return std::nullopt;
}

std::optional<IpAddress> deterministic_host(const ExternalInterface& interface, IpAddress external,
                                            std::uint16_t port) {
    const ctgate_pool pool = to_pool(interface, CTGATE_LINK_ETHERNET);
    for (std::size_t n = 0; n < interface.addresses.size(); ++n) {
        const ctgate_external_address& address = pool.addresses[n];
        if (interface.addresses[n].address != external) {
            continue;
        }
        const __u32 index =
            ctgate_block_index(&address, pool.block_order, port >> pool.block_order);
        if (index != CTGATE_NO_BLOCK && address.first_host + index < pool.host_count) {
            return numbered(pool.first_host + address.first_host + index);
        }
    }
    return std::nullopt;
}

std::optional<HostRange> deterministic_hosts(const ExternalInterface& interface, std::size_t n) {
    const ctgate_pool pool = to_pool(interface, CTGATE_LINK_ETHERNET);
    const ctgate_external_address& address = pool.addresses[n];
    if (address.block_count == 0 || address.first_host >= pool.host_count) {
        return std::nullopt;
    }
    const __u32 end = std::min(address.first_host + address.block_count, pool.host_count);
    return HostRange{numbered(pool.first_host + address.first_host),
                     numbered(pool.first_host + end - 1)};
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/pool.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "control/deterministic.hpp"
#include "ctgate/port_blocks.h"

namespace ctgate {
namespace {

constexpr unsigned address_bits = 32;

bool is_link_local(IpAddress address) {
    return IpPrefix{{htonl(0xa9fe0000)}, 16}.contains(address);
}

std::vector<IpAddress> addresses_of(const Config& config, const std::string& name,
                                    const std::vector<IpPrefix>& own, bool only) {
    const auto carries = [&](IpAddress wanted) {
        return std::any_of(own.begin(), own.end(),
                           [&](const IpPrefix& each) { return each.address == wanted; });
    };
    std::vector<IpAddress> result;
    bool configured = false;
    for (const ExternalAddressOption& option : config.external_addresses) {
        if (option.interface == name ||
            (option.interface.empty() && (only || carries(option.address)))) {
            result.push_back(option.address);
        }
        configured = configured || option.interface == name || (option.interface.empty() && only);
    }
    if (!result.empty() || configured) {
        return result;
    }
    const auto first = std::find_if(
        own.begin(), own.end(), [](const IpPrefix& each) { return !is_link_local(each.address); });
    if (first != own.end()) {
        result.push_back(first->address);
    }
    return result;
}

// Ranges of that address, else those without an address, else the default. The options were
// checked: they do not overlap.
std::vector<ctgate_port_range> ranges_of(const Config& config, IpAddress address) {
    std::vector<ctgate_port_range> own;
    std::vector<ctgate_port_range> common;
    for (const PortRangeOption& option : config.port_ranges) {
        if (!option.address || *option.address == address) {
            (option.address ? own : common).push_back({option.low, option.high});
        }
    }
    if (own.empty()) {
        own = common;
    }
    if (own.empty()) {
        own.push_back({CTGATE_PORT_LOW, CTGATE_PORT_HIGH});
    }
    std::sort(own.begin(), own.end(),
              [](const auto& one, const auto& other) { return one.low < other.low; });
    return own;
}

void set_blocks(const Config& config, ExternalInterface& interface) {
    if (config.port_block_size != 0) {
        interface.block_order = static_cast<unsigned>(std::countr_zero(config.port_block_size));
    }
    if (!config.deterministic || interface.addresses.empty()) {
        return;
    }
    const std::optional<unsigned> order = deterministic_order(config, interface);
    if (!order) {
        throw std::runtime_error(fmt::format("--deterministic {} {}",
                                             config.deterministic->prefix->text(),
                                             deterministic_complaint(config, interface)));
    }
    interface.block_order = *order;
    interface.deterministic = config.deterministic->prefix;
}

}  // namespace

ExternalInterface external_interface(const Config& config, const std::string& name,
                                     const std::vector<IpPrefix>& own, bool only) {
    ExternalInterface result;
    result.name = name;
    const std::vector<IpAddress> addresses = addresses_of(config, name, own, only);
    if (addresses.size() > CTGATE_MAX_EXTERNAL_ADDRESSES) {
        throw std::runtime_error(
            fmt::format("Interface '{}' has {} external addresses; it can have {}", name,
                        addresses.size(), CTGATE_MAX_EXTERNAL_ADDRESSES));
    }
    for (const IpAddress address : addresses) {
        result.addresses.push_back({address, ranges_of(config, address)});
    }
    set_blocks(config, result);
    return result;
}

ctgate_pool to_pool(const ExternalInterface& interface, ctgate_link link) {
    ctgate_pool pool{};
    pool.link = link;
    __u32 blocks = 0;
    if (interface.deterministic) {
        pool.host_count = 1U << (address_bits - interface.deterministic->length);
        pool.first_host = ntohl(interface.deterministic->address.v4);
        pool.block_order = interface.block_order;
    }
    for (const ExternalAddress& from : interface.addresses) {
        ctgate_external_address& to = pool.addresses[pool.address_count++];
        to.address = from.address.to_bytes();
        for (const ctgate_port_range& range : from.ranges) {
            to.ranges[to.range_count++] = range;
            to.port_count += range.high - range.low + 1U;
            if (interface.deterministic) {
                to.block_count += ctgate_blocks_in(&range, interface.block_order);
            }
        }
        to.first_host = blocks;
        blocks += to.block_count;
    }
    return pool;
}

}  // namespace ctgate

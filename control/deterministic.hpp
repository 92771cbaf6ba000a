// SPDX-License-Identifier: GPL-2.0-only
// Deterministic ports (RFC 7422): which block an internal host has follows from its address and the
// configuration alone (include/ctgate/port_blocks.h), so nothing needs to be logged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "control/config.hpp"
#include "control/pool.hpp"

namespace ctgate {

// The size of blocks (2^result ports) with which each host of the prefix has one in the addresses
// of this interface: the configured one, else the greatest there is. nullopt: there is none.
std::optional<unsigned> deterministic_order(const Config& config,
                                            const ExternalInterface& interface);

// Why there is none, to be read behind "--deterministic PREFIX ".
std::string deterministic_complaint(const Config& config, const ExternalInterface& interface);

// The n-th of the addresses, which has the block of that host; nullopt: none has.
std::optional<std::size_t> deterministic_address(const ExternalInterface& interface,
                                                 IpAddress host);

// The host whose block this port of an external address is in; nullopt: nobody's.
std::optional<IpAddress> deterministic_host(const ExternalInterface& interface, IpAddress external,
                                            std::uint16_t port);

// The first and the last host of the n-th address; nullopt: it has none.
struct HostRange {
    IpAddress first;
    IpAddress last;
};
std::optional<HostRange> deterministic_hosts(const ExternalInterface& interface, std::size_t n);

}  // namespace ctgate

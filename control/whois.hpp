// SPDX-License-Identifier: GPL-2.0-only
// Whose is an external endpoint?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/config.hpp"
#include "control/ip.hpp"
#include "control/pool.hpp"
#include "control/run_directory.hpp"
#include "ctgate/pool.h"

namespace ctgate {

// An internal host behind an external endpoint.
struct EndpointOwner {
    std::uint8_t protocol = 0;  // IPPROTO_TCP or IPPROTO_UDP
    IpAddress internal;
    std::optional<std::uint16_t> port;  // internal, host byte order, where it is known
    std::string how;  // "deterministic", "block", "mapping", "former mapping", "forward", ...
    std::optional<ctgate_port_range> block;  // that it has, with this port
};

// By the configuration, which has deterministic ports. Throws ConfigError when it does not tell all
// external addresses and the internal prefix.
std::vector<EndpointOwner> owners_by_config(const Config& config, const Endpoint& external,
                                            const std::vector<std::uint8_t>& protocols);

// By what serves the network namespace that the thread is in.
std::vector<EndpointOwner> owners_now(const RunDirectory& directory, const Endpoint& external,
                                      const std::vector<std::uint8_t>& protocols);

}  // namespace ctgate

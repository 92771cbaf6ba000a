// SPDX-License-Identifier: GPL-2.0-only
// Port forwards in the dataplane's port spaces: each has its ports for good.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/config.hpp"
#include "control/pool.hpp"
#include "control/port_spaces.hpp"

namespace ctgate {

// Where one external port goes.
struct Forward {
    Endpoint internal;
    unsigned ifindex = 0;  // of the external interface
    __u32 access = 0;      // list of remote addresses; 0: open to all
    // What the internal endpoint sends has this external endpoint too: one at most.
    bool outbound = false;
};

// A mapping that has lost its port to a forward.
struct DisplacedMapping {
    std::uint8_t protocol = 0;  // IPPROTO_TCP or IPPROTO_UDP
    Endpoint internal, external;
};

using Forwards = std::map<PortSpace, std::map<std::uint16_t, Forward>>;

// The external addresses of one interface, in the order of its pool.
Forwards forwards_of(const Config& config, const ExternalInterface& interface, unsigned ifindex);

namespace forwards {

// Exactly these are in force afterwards, in the spaces that are there. A mapping that has such a
// port loses it: its sessions go on, new ones get another. Returns those mappings; the dataplane
// does not tell that they have ended.
std::vector<DisplacedMapping> set(const PortMaps& maps, const Forwards& wanted);

// Those of `wanted` that are in force.
Forwards in_force(const PortMaps& maps, const Forwards& wanted);

}  // namespace forwards
}  // namespace ctgate

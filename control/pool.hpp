// SPDX-License-Identifier: GPL-2.0-only
// Which external addresses and port ranges each external interface has: configuration and the
// interfaces' own addresses together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/config.hpp"
#include "control/ip.hpp"
#include "ctgate/pool.h"

namespace ctgate {

struct ExternalAddress {
    IpAddress address;
    std::vector<ctgate_port_range> ranges;  // disjoint, ascending; never empty
};

struct ExternalInterface {
    std::string name;
    std::vector<ExternalAddress> addresses;  // empty: it has none yet
    unsigned block_order = 0;  // internal hosts have blocks of 2^order ports; 0: they do not
    std::optional<IpPrefix> deterministic = std::nullopt;  // the hosts whose blocks are computed
};

// `own`: the interface's addresses in the kernel's order. Without --external-address for it, the
// interface's first address that is not link-local (RFC 3927) is its external address.
// Throws when they are more than an interface can have. `only`: it is the only external interface,
// so options that name no interface mean this one. With deterministic ports, whose prefix must be
// known by now, throws when not every host of it gets a block.
ExternalInterface external_interface(const Config& config, const std::string& name,
                                     const std::vector<IpPrefix>& own, bool only);

// The same for the dataplane.
ctgate_pool to_pool(const ExternalInterface& interface, ctgate_link link);

}  // namespace ctgate

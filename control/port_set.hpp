// SPDX-License-Identifier: GPL-2.0-only
// Port sets of MAP-E (RFC 7597 section 5.1): the ports of one external address are shared out among
// several gateways, each of which has those with its port set identifier (PSID) in the middle:
//
//     | offset: a bits, not all zero | PSID: k bits | the rest: m = 16 - a - k bits |
#pragma once

#include <optional>
#include <vector>

#include "control/config.hpp"
#include "ctgate/pool.h"

namespace ctgate {

// The set that is asked for; nullopt without --port-set-id.
std::optional<PortSet> port_set_of(const Config& config);

// Its ports: disjoint, ascending. With an offset of 0 bits it is one range; port 0 is never in it.
std::vector<ctgate_port_range> port_ranges(const PortSet& set);

}  // namespace ctgate

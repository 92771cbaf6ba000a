// SPDX-License-Identifier: GPL-2.0-only
// What is to be served right now: the configuration, seen together with the links and addresses
// that the machine has at this moment.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/config.hpp"
#include "control/forwards.hpp"
#include "control/journal.hpp"
#include "control/netlink.hpp"
#include "control/port_spaces.hpp"
#include "control/ruleset.hpp"

namespace ctgate {

// What each address of the router, and of its pools, is to the dataplane.
using AddressUses = std::map<IpAddress, ctgate_address_use>;

struct Plan {
    std::vector<Link> internal;  // those of the configured interfaces that are there
    std::vector<Link> external;
    std::vector<std::string> missing;  // the others
    AddressUses addresses;
    PortPlans ports;
    Forwards forwards;
    Ruleset ruleset;  // names all of them: the table may know interfaces to come
};

// The ports that may be given out at this moment: those of the ranges that no socket of the router
// has.
PortPlans ports_of(const std::vector<ExternalInterface>& interfaces);

// Is the MSS clamped on that external interface?
bool is_clamped(const Link& link, ClampMss mode);

// Throws when deterministic ports are asked for and cannot be had.
Plan make_plan(Config config, Netlink& netlink, const Journal& journal);

}  // namespace ctgate

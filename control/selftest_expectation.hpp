// SPDX-License-Identifier: GPL-2.0-only
// What the checks may expect of the NAT under test, from the options it is given.
#pragma once

#include <cstdint>
#include <vector>

#include "control/config.hpp"

namespace ctgate::selftest {

struct Expectation {
    NatBehaviour behaviour;
    std::vector<IpAddress> external;  // addresses
    std::vector<PortRangeOption> port_ranges;
    Timeouts timeouts;

    bool is_external(IpAddress address) const;
    bool may_use(std::uint16_t port) const;  // as external port
};

Expectation expectation_of(const Config& config);

// What the RFCs call the behaviour of a NAT that lets in, to a mapping that has been used towards
// one remote endpoint, packets from other ports of its address, and from other addresses.
FilteringBehaviour filtering_seen(bool from_other_port, bool from_other_address);

}  // namespace ctgate::selftest

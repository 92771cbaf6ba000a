// SPDX-License-Identifier: GPL-2.0-only
// The mapping and filtering behaviour in force, from what was asked for.
#pragma once

#include <cstdint>

#include "control/config.hpp"

namespace ctgate {

// With address-and-port-dependent mapping a port may belong to several internal endpoints, so that
// only the remote endpoint of a session tells whose it is: filtering is then
// address-and-port-dependent whatever was asked for.
NatBehaviour in_force(NatBehaviour asked);

// Of this internal host and protocol (IPPROTO_TCP, IPPROTO_UDP). The mapping comes from the longest
// prefix of --host that has the host, the protocol and a mapping, else from --mapping; filtering
// alike, on its own.
NatBehaviour behaviour_of(const Config& config, IpAddress host, std::uint8_t protocol);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// What is wrong with an interface name or an address, whatever the option it stands in.
#pragma once

#include <string_view>

#include "control/ip.hpp"
#include "control/option_values.hpp"

namespace ctgate {

// What the kernel's dev_valid_name() refuses, and control characters, which only confuse.
Complaint interface_complaint(std::string_view name);

// Why the address cannot be that of a host: unspecified, loopback, multicast or broadcast.
Complaint host_complaint(IpAddress address);

// Why the prefix cannot be on an interface: besides the above, its network and its broadcast
// address belong to no host, except where it has only the two addresses of a point-to-point link
// (RFC 3021) or one.
Complaint host_complaint(const IpPrefix& prefix);

// Why the prefix does not name a network: it has bits behind its length.
Complaint network_complaint(const IpPrefix& prefix);

}  // namespace ctgate

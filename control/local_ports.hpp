// SPDX-License-Identifier: GPL-2.0-only
// The ports that the router itself uses: those on which sockets of this network namespace are
// bound. They cannot be external ports at the same time.
#pragma once

#include <compare>
#include <cstdint>
#include <tuple>
#include <vector>

#include "control/ip.hpp"

namespace ctgate {

struct LocalPort {
    std::uint8_t protocol = 0;  // IPPROTO_TCP or IPPROTO_UDP
    IpAddress address;          // 0.0.0.0: any
    std::uint16_t port = 0;     // host byte order

    bool operator==(const LocalPort& other) const = default;
    std::strong_ordering operator<=>(const LocalPort& other) const {
        return std::tie(protocol, address, port) <=>
               std::tie(other.protocol, other.address, other.port);
    }
};

// Of the network namespace the thread is in, each once, in order. TCP sockets in all states except
// TIME_WAIT (before Linux 6.8 the kernel does not list those that are bound and neither listen nor
// connect), and UDP sockets; IPv6 sockets as far as IPv4 packets reach them. Throws
// std::system_error when the kernel cannot list sockets.
std::vector<LocalPort> local_ports();

}  // namespace ctgate

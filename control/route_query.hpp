// SPDX-License-Identifier: GPL-2.0-only
// What the kernel's routing says about one packet (RTM_GETROUTE), in the namespace the thread is
// in.
#pragma once

#include <optional>
#include <string>

#include "control/ip.hpp"

namespace ctgate {

struct RouteQuestion {
    IpAddress destination;
    std::optional<IpAddress> source;
    int input = 0;  // ifindex of the interface where it arrives; 0: sent by the router itself
};

struct RouteAnswer {
    std::string problem;  // the kernel's reason; then there is no route, and the rest is not valid
    bool local = false;   // to the router itself
    int output = 0;       // ifindex
    std::optional<IpAddress> gateway;
};

RouteAnswer query_route(const RouteQuestion& question);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// The ways out of a network namespace, as its main routing table has them.
#pragma once

#include <string>
#include <vector>

namespace ctgate {

// One next hop of a route that has a gateway, or is a default route.
struct WayOut {
    int ifindex = 0;
    bool is_default = false;
    unsigned metric = 0;
};

// In the kernel's order: of equal ones, the first is taken.
std::vector<WayOut> ways_out();

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Our program in XDP, natively: a pinned link, beside the programs at TC. Whoever has a program
// there already keeps it.
#pragma once

#include "control/netlink.hpp"
#include "control/run_directory.hpp"

namespace ctgate::xdp {

// Throws with the driver's reason.
void attach(const Link& link, int program, const RunDirectory& directory);
void detach(int ifindex, const RunDirectory& directory);
bool is_attached(int ifindex, const RunDirectory& directory);

// Somebody else's program is there.
bool is_taken(int ifindex, const RunDirectory& directory);

}  // namespace ctgate::xdp

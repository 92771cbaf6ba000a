// SPDX-License-Identifier: GPL-2.0-only
// How many external ports are in use, for each external address and protocol.
#pragma once

#include <cstdint>
#include <map>

#include "control/port_spaces.hpp"
#include "control/run_directory.hpp"

namespace ctgate {

struct SpaceUse {
    std::uint64_t allowed = 0;   // ports that may be given out
    std::uint64_t used = 0;      // those of them that are in use
    std::uint64_t mappings = 0;  // endpoint-independent ones
};

// Throws when the maps are not there, or not of this version's making.
std::map<PortSpace, SpaceUse> read_port_use(const RunDirectory& directory);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <vector>

#include "control/rehearsal.hpp"

namespace ctgate {

// The packet as it would arrive, with an Ethernet header to the interface itself.
std::vector<std::uint8_t> rehearsal_frame(const RehearsedPacket& packet);

}  // namespace ctgate

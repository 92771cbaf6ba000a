// SPDX-License-Identifier: GPL-2.0-only
// The text that Prometheus reads.
#pragma once

#include <string>

#include "control/reading.hpp"

namespace ctgate {

// In the exposition format 0.0.4.
std::string metrics_text(const Overview& overview, const Census& census,
                         const DaemonCounts& daemon);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>

namespace ctgate {

// Runs `work` in the mount namespace of process 1, on a thread of its own. Where that may not be
// entered, in that of the eldest of our ancestors whose may, and at last in the one we are in.
// Exceptions come out here.
void in_host_mounts(const std::function<void()>& work);

}  // namespace ctgate

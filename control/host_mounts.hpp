// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>

namespace ctgate {

// Runs `work` in the mount namespace of process 1, on a thread of its own; where that may not be
// entered (a container without CAP_SYS_ADMIN), in the one we are in. Exceptions come out here.
void in_host_mounts(const std::function<void()>& work);

}  // namespace ctgate

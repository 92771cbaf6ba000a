// SPDX-License-Identifier: GPL-2.0-only
// The dataplane's clock (seconds_now() there): CLOCK_MONOTONIC in whole seconds.
#pragma once

#include <cstdint>
#include <ctime>

namespace ctgate {

inline std::uint32_t seconds_now() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint32_t>(now.tv_sec);
}

}  // namespace ctgate

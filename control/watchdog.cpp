// SPDX-License-Identifier: GPL-2.0-only
#include "control/watchdog.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>

namespace ctgate {
namespace {

constexpr std::uint64_t signs_per_limit = 3;  // sd_watchdog_enabled(3) advises two

}  // namespace

Watchdog::Watchdog() {
    std::uint64_t limit_us = 0;
    if (::sd_watchdog_enabled(0, &limit_us) > 0) {
        constexpr std::uint64_t longest_ms = 60000;
        interval_ms_ = static_cast<int>(
            std::clamp<std::uint64_t>(limit_us / 1000 / signs_per_limit, 1, longest_ms));
    }
}

void Watchdog::alive() const {
    if (interval_ms_ != 0) {
        ::sd_notify(0, "WATCHDOG=1");
    }
}

int Watchdog::limit_ms(int wanted_ms) const {
    return interval_ms_ == 0 ? wanted_ms : std::min(wanted_ms, interval_ms_);
}

}  // namespace ctgate

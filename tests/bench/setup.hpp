// SPDX-License-Identifier: GPL-2.0-only
// What all measurements are told.
#pragma once

#include <cstdint>
#include <string>

#include "control/process.hpp"

namespace ctgate::bench {

struct Setup {
    const Interrupts& interrupts;
    std::string ctgate;      // path of the program
    bool xdp = false;        // it has the short path in XDP
    bool flowtable = false;  // the kernel has them
    bool quick = false;
    unsigned rounds = 7;
    std::uint32_t sessions = 1'000'000;  // as far as the machine's conntrack table goes
};

}  // namespace ctgate::bench

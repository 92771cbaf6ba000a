// SPDX-License-Identifier: GPL-2.0-only
// The command line of `ctgate selftest`: its own options, and those that it hands to `ctgate run`.
#pragma once

#include "control/commands.hpp"
#include "control/selftest_bench.hpp"

namespace ctgate::selftest {

struct Options {
    bool help = false;
    bool json = false;
    Plan plan;
};

// Throws ConfigError with every problem.
Options parse(Arguments arguments);

}  // namespace ctgate::selftest

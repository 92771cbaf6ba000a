// SPDX-License-Identifier: GPL-2.0-only
// Where a measurement runs: on one core, and ahead of others that want it.
#pragma once

#include <sched.h>

#include <vector>

namespace ctgate::bench {

// Those that this process may use.
std::vector<int> cores();

// The calling thread stays on this core for the lifetime of this object. What it starts meanwhile
// stays there too.
class OnCore {
  public:
    explicit OnCore(int core);
    ~OnCore();
    OnCore(const OnCore&) = delete;
    OnCore& operator=(const OnCore&) = delete;

  private:
    cpu_set_t before_{};
    int priority_ = 0;
};

}  // namespace ctgate::bench

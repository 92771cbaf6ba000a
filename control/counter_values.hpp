// SPDX-License-Identifier: GPL-2.0-only
// The values of all counters and drop reasons (include/ctgate/counters.h).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace ctgate {

struct CounterValue {
    const char* name;
    const char* text;
    std::optional<std::uint64_t> value;  // none: what counts it is gone
};

struct CounterValues {
    std::vector<CounterValue> counters;
    std::vector<CounterValue> drops;
};

// Of the network namespace the thread is in; nullopt: nothing serves it. Throws when the running
// dataplane counts differently.
std::optional<CounterValues> read_counters();

}  // namespace ctgate

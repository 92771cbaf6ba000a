// SPDX-License-Identifier: GPL-2.0-only
// Every counter and drop reason (include/ctgate/counters.h) with its value.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "control/run_directory.hpp"

namespace ctgate {

struct CounterRow {
    const char* name;
    const char* text;
    std::optional<std::uint64_t> value;  // none: what counts it is gone
};

struct Counters {
    std::vector<CounterRow> counters;
    std::vector<CounterRow> drops;
};

// nullopt: no dataplane is there. Throws when it cannot be read, or is of another version.
std::optional<Counters> read_counters(const RunDirectory& directory);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// What is being served, as the daemon writes it down for the other subcommands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/pool.hpp"
#include "control/run_directory.hpp"

namespace ctgate {

struct Serving {
    std::string version;  // of the ctgate that wrote it
    std::vector<std::string> internal;
    std::vector<ExternalInterface> external;
    std::uint32_t accepted_mark = CTGATE_ACCEPTED_MARK;
    std::uint64_t max_sessions = 0;  // as configured; 0: none

    bool has_address() const;

    void write(const RunDirectory& directory) const;
    // nullopt: nothing was served yet, or the file is not of this version's making.
    static std::optional<Serving> read(const RunDirectory& directory);
};

}  // namespace ctgate

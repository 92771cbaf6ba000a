// SPDX-License-Identifier: GPL-2.0-only
// The configuration that comes back unless `ctgate confirm` does, in a file of the run directory:
// it outlives the daemon.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "control/options.hpp"
#include "control/run_directory.hpp"

namespace ctgate {

struct Unconfirmed {
    ParsedOptions before;                            // comes back
    std::vector<ForwardOption> forwards;             // so do these, made at run time
    std::chrono::steady_clock::time_point deadline;  // then
};

void write_unconfirmed(const RunDirectory& directory, const Unconfirmed& unconfirmed);
void forget_unconfirmed(const RunDirectory& directory);
// nullopt: there is none. Throws ConfigError when it is none for this version.
std::optional<Unconfirmed> read_unconfirmed(const RunDirectory& directory);
// Until its deadline; nullopt: there is none.
std::optional<std::chrono::seconds> time_to_confirm(const RunDirectory& directory);

// Not below 0.
std::chrono::seconds until(std::chrono::steady_clock::time_point deadline);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// The command line of `save` and `restore`: the options that all have, and one FILE.
#pragma once

#include <string>

#include "control/options.hpp"

namespace ctgate {

struct FileOptions {
    CommonOptions common;
    std::string file;  // "-": a standard stream
};

// Throws ConfigError. `stream`: what "-" stands for.
FileOptions parse_file_options(const std::string& command, const std::string& stream,
                               Arguments arguments);

}  // namespace ctgate

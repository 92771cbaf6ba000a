// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <spdlog/common.h>

#include "control/config.hpp"

namespace ctgate {

// systemd has connected that to the journal.
bool is_journal(int fd);

// spdlog's default logger writes to stderr from here on: with the level as a word, or as the
// journal reads it (sd-daemon(3)) when stderr is the journal.
spdlog::level::level_enum to_spdlog(LogLevel level);
void set_up_log(LogLevel level);
void set_log_level(LogLevel level);

}  // namespace ctgate

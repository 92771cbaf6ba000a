// SPDX-License-Identifier: GPL-2.0-only
// The subcommands that serve builds and packages more than operators; as those of commands.hpp.
#pragma once

#include "control/commands.hpp"

namespace ctgate {

int completion_command(Arguments arguments);
int man_page_command(Arguments arguments);

}  // namespace ctgate

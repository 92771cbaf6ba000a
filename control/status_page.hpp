// SPDX-License-Identifier: GPL-2.0-only
// The status page, control/status_page.html, as the build put it into the program.
#pragma once

#include <string_view>

namespace ctgate {

extern const std::string_view status_page;

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// A program on a TC hook by a TCX link, pinned as link-IFINDEX-HOOK. Used by attachment.cpp.
#pragma once

#include "control/attachment.hpp"

namespace ctgate::attachment::tcx {

bool is_supported(int program);

// A link that is there already takes the new program.
void attach(const Link& link, Hook hook, int program, const RunDirectory& directory);
void detach(int ifindex, Hook hook, const RunDirectory& directory);
bool is_attached(int ifindex, Hook hook, const RunDirectory& directory);
std::uint32_t program_of(int ifindex, Hook hook, const RunDirectory& directory);  // 0: none

}  // namespace ctgate::attachment::tcx

// SPDX-License-Identifier: GPL-2.0-only
// A program on a TC hook by a filter of the clsact qdisc. Used by attachment.cpp.
#pragma once

#include "control/attachment.hpp"

namespace ctgate::attachment::clsact {

// Throws when a filter that is not ours has our handle and priority.
void refuse_foreign_filter(const Link& link, Hook hook);

// Makes the qdisc if it is missing. A filter of ours that is there already takes the new program.
void attach(const Link& link, Hook hook, int program);
void detach(int ifindex, Hook hook);
bool is_attached(int ifindex, Hook hook);
std::uint32_t program_of(int ifindex, Hook hook);  // 0: none of ours

// With every filter on it.
void remove_qdisc(int ifindex);

}  // namespace ctgate::attachment::clsact

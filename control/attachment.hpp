// SPDX-License-Identifier: GPL-2.0-only
// Our programs on the TC hooks of an interface: as pinned TCX links where the kernel has them, else
// as filters of clsact with a handle and priority of our own. Other people's filters and qdiscs
// stay untouched.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "control/config.hpp"
#include "control/journal.hpp"
#include "control/netlink.hpp"
#include "control/run_directory.hpp"

namespace ctgate::attachment {

enum class Hook { ingress, egress };

// Of our filters below clsact. In a listing: "pref 199 ... handle 0x1".
inline constexpr std::uint32_t priority = 199;
inline constexpr std::uint32_t handle = 1;

// What attach() will do for `wanted`: TCX or clsact. `program`: any of ours. Throws when TCX is
// wanted and the kernel has none.
AttachMode choose(AttachMode wanted, int program);
// Throws when somebody else's filter is in our place. Changes nothing.
void check(const Link& link, Hook hook, AttachMode chosen);

// Puts the program there, or in place of the one of an earlier run; packets that arrive meanwhile
// meet one of the two.
void attach(const Link& link, Hook hook, int program, AttachMode chosen,
            const RunDirectory& directory, Journal& journal);

// In XDP, beside those at TC. Throws when the driver does not take it.
void attach_xdp(const Link& link, int program, const RunDirectory& directory, Journal& journal);

// How our program is attached there now; nullopt: it is not.
std::optional<AttachMode> find(int ifindex, Hook hook, const RunDirectory& directory);
// The kernel's id of that program; 0: there is none.
std::uint32_t program_of(int ifindex, Hook hook, const RunDirectory& directory);

// For the journal's entries of attach(): their keys, and the way back.
std::set<std::string> keys_of(int ifindex);
void undo(const Change& change, const RunDirectory& directory);

}  // namespace ctgate::attachment

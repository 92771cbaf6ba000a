// SPDX-License-Identifier: GPL-2.0-only
// How established sessions are forwarded: through the stack, at TC, or in XDP; and why.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/config.hpp"
#include "control/journal.hpp"
#include "control/netlink.hpp"
#include "control/run_directory.hpp"

namespace ctgate::fast_path {

// About an interface.
struct Facts {
    std::optional<std::uint64_t> features;  // xdp::features()
    bool taken = false;                     // somebody else's program is in XDP
    bool carries_vlans = false;             // VLAN devices stand on it
};

// Why its packets cannot be forwarded in XDP; nullopt: they can.
std::optional<std::string> obstacle(const Link& link, const Facts& facts);
// What may be lost if they are; nullopt: nothing.
std::optional<std::string> loss(const Link& link, const Facts& facts);

struct Choice {
    FastPath mode = FastPath::tc;       // never `automatic`
    std::vector<Link> xdp;              // interfaces that are to have our program in XDP
    std::vector<std::string> reasons;   // why it is not XDP, or not on all interfaces
    std::vector<std::string> warnings;  // what XDP may lose
};

Choice choose(FastPath wanted, const std::vector<Link>& links, const std::map<int, Facts>& facts);

// Throws when XDP is asked for and none of these interfaces can have it.
void check(FastPath wanted, const std::vector<Link>& links, Netlink& netlink,
           const RunDirectory& directory);

struct State {
    FastPath mode = FastPath::tc;
    std::set<int> attached;      // ifindexes of interfaces that have our program in XDP
    std::set<int> takes_frames;  // those of them that can be redirected to
    std::vector<std::string> reasons;
    std::vector<std::string> warnings;
};

// Brings it about for these interfaces, which are all that are served. `program`: loads ours for
// XDP. Throws when a driver that should does not take it and XDP is asked for; `auto` does without.
State establish(FastPath wanted, const std::vector<Link>& links, Netlink& netlink,
                const std::function<int()>& program, const RunDirectory& directory,
                Journal& journal);

}  // namespace ctgate::fast_path

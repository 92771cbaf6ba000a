// SPDX-License-Identifier: GPL-2.0-only
// How the gateway of a network namespace really stands: what the daemon wrote down, compared with
// what the kernel has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/config.hpp"
#include "control/occupancy.hpp"
#include "control/serving.hpp"

namespace ctgate {

struct InterfaceState {
    std::string name;
    std::string side;  // "internal" or "external"
    bool present = false;
    std::optional<AttachMode> attached;
    bool xdp = false;  // our program is there too
};

struct GatewayState {
    int daemon = 0;          // pid; 0: none
    std::int64_t since = 0;  // when it began (or the last one did); seconds of the epoch
    bool starting = false;   // it has not brought about yet what is being served
    Serving serving;
    std::vector<InterfaceState> interfaces;
    std::uint64_t sessions = 0;  // in the kernel's table, and how many it takes
    std::uint64_t session_limit = 0;
    bool overload_when_full = false;
    std::optional<Occupancy> occupancy;  // none: it cannot be read
    std::vector<std::string> faults;     // while there is one, it does not serve
    std::vector<std::string> warnings;   // it serves, but somebody should know

    bool waiting() const { return !serving.has_address(); }
};

// Of the namespace the thread is in; nullopt: nothing of ctgate is there.
std::optional<GatewayState> examine_gateway();

std::string attach_name(AttachMode mode);

}  // namespace ctgate

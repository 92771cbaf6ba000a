// SPDX-License-Identifier: GPL-2.0-only
// What `ctgate forward` has to say; see forward.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/config.hpp"
#include "control/forwards.hpp"
#include "control/serving.hpp"

namespace ctgate {

// A forward and the external addresses of now that it is for.
struct ForwardRow {
    struct Place {
        IpAddress address;
        bool open = false;           // all its ports lead there
        std::uint64_t sessions = 0;  // that have one of its ports, if they were counted
    };
    ForwardOption option;
    std::vector<Place> places;
};

std::vector<ForwardRow> forward_rows(const std::vector<ForwardOption>& forwards,
                                     const Serving& serving, const Forwards& in_force);
void print_forwards(const std::vector<ForwardRow>& rows, bool json);
// With how many sessions each has.
void print_counted_forwards(const std::vector<ForwardRow>& rows, bool json);

// Those of the namespace the thread is in, as read from the dataplane.
std::vector<ForwardRow> forwards_now(const RunDirectory& directory, const Serving& serving);

// Why this forward cannot be made beside those; empty: it can.
std::string add_complaint(const ForwardOption& option, const std::vector<ForwardOption>& others);
// Why this forward cannot be ended; empty: it is there, and made at run time.
std::string del_complaint(const ForwardOption& option, const std::vector<ForwardOption>& others);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/port_set.hpp"

#include <algorithm>

namespace ctgate {
namespace {

constexpr unsigned port_bits = 16;

// Neighbours are joined: without PSID bits all ranges are.
void append(std::vector<ctgate_port_range>& ranges, unsigned low, unsigned high) {
    if (!ranges.empty() && ranges.back().high + 1U == low) {
        ranges.back().high = static_cast<__u16>(high);
    } else {
        ranges.push_back({static_cast<__u16>(low), static_cast<__u16>(high)});
    }
}

}  // namespace

std::optional<PortSet> port_set_of(const Config& config) {
    if (!config.port_set_id) {
        return std::nullopt;
    }
    return PortSet{*config.port_set_id, config.port_set_length.value_or(0),
                   config.port_set_offset.value_or(CTGATE_PORT_SET_OFFSET)};
}

std::vector<ctgate_port_range> port_ranges(const PortSet& set) {
    const unsigned rest = port_bits - set.offset - set.length;
    std::vector<ctgate_port_range> ranges;
    for (unsigned block = set.offset == 0 ? 0 : 1; block < 1U << set.offset; ++block) {
        const unsigned first = (block << set.length | set.id) << rest;
        const unsigned last = first + (1U << rest) - 1;
        if (last > 0) {
            append(ranges, std::max(first, 1U), last);
        }
    }
    return ranges;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// --port-block-size, and what does not go with blocks of ports.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "control/number.hpp"
#include "control/option_draft.hpp"
#include "ctgate/ports.h"

namespace ctgate {
namespace {

constexpr unsigned smallest = 1U << CTGATE_MIN_BLOCK_ORDER;
constexpr unsigned largest = 1U << CTGATE_MAX_BLOCK_ORDER;

// The option by which ports may be shared between hosts; empty: none.
std::string sharing_option(const Config& config) {
    const auto shared = MappingBehaviour::address_and_port_dependent;
    const auto host = std::find_if(config.hosts.begin(), config.hosts.end(),
                                   [&](const HostOption& each) { return each.mapping == shared; });
    if (config.behaviour.mapping == shared) {
        return fmt::format("--mapping {}", text(shared));
    }
    if (host != config.hosts.end()) {
        return fmt::format("--host {}", text(*host));
    }
    return config.overload_when_full ? "--overload-when-full yes" : "";
}

}  // namespace

Complaint take_port_block_size(const std::string& value, Config& config) {
    const auto size = parse_number<unsigned>(value);
    if (!size || !std::has_single_bit(*size) || *size < smallest || *size > largest) {
        return fmt::format("is no size of a port block; write a power of two from {} to {}",
                           smallest, largest);
    }
    config.port_block_size = *size;
    return std::nullopt;
}

// A port that several hosts share is in the block of one of them at most.
void OptionDraft::check_blocks() {
    const std::string sharing = sharing_option(config_);
    if (taken("port-block-size") && !sharing.empty()) {
        problem(fmt::format("{} cannot go with {}, by which hosts share ports; keep one",
                            label("port-block-size"), sharing));
    }
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// The text of our nft table `ip ctgate`; what each chain is for is told in docs/packet-path.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/ip.hpp"
#include "control/pool.hpp"

namespace ctgate {

struct Ruleset {
    std::vector<std::string> internal;          // interfaces
    std::vector<ExternalInterface> external;    // interfaces with their addresses and port ranges
    std::vector<std::string> opened;            // those of both where we turn forwarding on
    std::vector<IpAddress> internal_addresses;  // of the router, on internal interfaces
    std::vector<OneToOneOption> one_to_one;
    std::vector<IpPrefix> exempt;      // destinations that are routed untranslated
    std::vector<std::string> clamped;  // external interfaces where the MSS is clamped
    // While another one takes its place, both: all are set, any is enough.
    std::uint32_t accepted_mark = CTGATE_ACCEPTED_MARK;

    // Commands that bring the table to this state in one transaction, whatever it held before;
    // the values of its counters stay.
    std::string text() const;
};

}  // namespace ctgate

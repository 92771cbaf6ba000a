// SPDX-License-Identifier: GPL-2.0-only
// What the checks of `ctgate doctor` conclude from the host's nft rules.
#pragma once

#include <vector>

#include "control/doctor.hpp"

namespace ctgate::doctor {

// Of rules that may apply to the interfaces of `config`; to any where it has none.
// `inside`: networks of internal hosts, as far as known.
Findings judge_other_nat(const firewall::Ruleset& ruleset, const Config& config,
                         const std::vector<IpPrefix>& inside);
// Each chain of the forward hook lets pass what has to pass.
Findings judge_forward_chains(const firewall::Ruleset& ruleset, const Config& config);
// ctgate's bit of the connection mark, and of the packet mark.
Findings judge_marks(const firewall::Ruleset& ruleset, const Config& config);
Findings judge_untracked(const firewall::Ruleset& ruleset, const Config& config);

}  // namespace ctgate::doctor

// SPDX-License-Identifier: GPL-2.0-only
// OptionDraft: what options about mappings say against each other.
#include <fmt/format.h>

#include <algorithm>

#include "control/option_draft.hpp"

namespace ctgate {
namespace {

// Both say something, of the same thing, for the same hosts and a protocol.
bool contradict(const HostOption& one, const HostOption& other) {
    const bool protocols = !one.protocol || !other.protocol || one.protocol == other.protocol;
    const bool things = (one.mapping && other.mapping) || (one.filtering && other.filtering);
    return one.prefix == other.prefix && protocols && things;
}

}  // namespace

void OptionDraft::check_behaviour() {
    const Complaint complaint = behaviour_complaint(config_.behaviour);
    if (complaint && taken("filtering")) {
        problem(fmt::format("{} {} {}", label("filtering"),
                            quote(text(config_.behaviour.filtering)), *complaint));
    }
}

void OptionDraft::check_hosts() {
    const std::vector<HostOption>& hosts = config_.hosts;
    for (auto host = hosts.begin(); host != hosts.end(); ++host) {
        const auto earlier = std::find_if(
            hosts.begin(), host, [&](const HostOption& each) { return contradict(each, *host); });
        if (earlier != host) {
            problem(fmt::format("{} {} sets for the same hosts what {} sets; keep one",
                                label("host", static_cast<std::size_t>(host - hosts.begin())),
                                quote(text(*host)), quote(text(*earlier))));
        }
    }
}

}  // namespace ctgate

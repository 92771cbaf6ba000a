// SPDX-License-Identifier: GPL-2.0-only
// What another configuration would do, before it does.
#include <algorithm>

#include "control/gateway.hpp"
#include "control/sessions.hpp"
#include "control/start_checks.hpp"

namespace ctgate {

// Interfaces that are still elsewhere are looked at when they have moved here.
void Gateway::check(const Config& config) {
    Netlink netlink;
    const bool all_here = std::all_of(config.move.begin(), config.move.end(),
                                      [&](const auto& each) { return netlink.link(each); });
    if (!all_here) {
        return;
    }
    check_interfaces(netlink, config);
    check_forwards(netlink, config);
    std::vector<Link> links;
    for (const std::vector<std::string>& names : {config.internal, config.external}) {
        for (const std::string& name : names) {
            if (auto link = netlink.link(name)) {
                links.push_back(std::move(*link));
            }
        }
    }
    fast_path::check(config.fast_path, links, netlink, directory_);
    make_plan(config, netlink, journal_);
}

std::vector<Session> Gateway::sessions_cut_by(const Config& config) {
    return sessions::those_of(loss_by(config));
}

}  // namespace ctgate

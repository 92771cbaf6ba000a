// SPDX-License-Identifier: GPL-2.0-only
// What another configuration would do, before it does.
#include <algorithm>
#include <iterator>

#include "control/changes.hpp"
#include "control/gateway.hpp"
#include "control/sessions.hpp"
#include "control/start_checks.hpp"

namespace ctgate {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool has(const std::vector<AddressOption>& options, const AddressOption& wanted) {
    return std::any_of(options.begin(), options.end(), [&](const AddressOption& each) {
        return changes::key_of(each) == changes::key_of(wanted);
    });
}

}  // namespace

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

Gateway::Loss Gateway::loss_by(const Config& config) {
    Netlink netlink;
    Loss loss;
    for (const ExternalInterface& each : serving_.external) {
        if (!has(config.external, each.name)) {
            for (const ExternalAddress& address : each.addresses) {
                loss.external.insert(address.address);
            }
        }
    }
    for (const AddressOption& each : config_.addresses) {
        if (journal_.find(changes::key_of(each)) != nullptr && !has(config.addresses, each)) {
            loss.external.insert(each.prefix.address);
        }
    }
    for (const std::string& name : serving_.internal) {
        const auto link = has(config.internal, name) ? std::nullopt : netlink.link(name);
        const auto own = link ? netlink.addresses(link->index) : std::vector<IpPrefix>();
        std::transform(own.begin(), own.end(), std::back_inserter(loss.internal),
                       [](const IpPrefix& each) {
                           return IpPrefix{each.network(), each.length};
                       });
    }
    return loss;
}

std::vector<Session> Gateway::sessions_cut_by(const Config& config) {
    const Loss loss = loss_by(config);
    return sessions::those_of(loss.external, loss.internal);
}

}  // namespace ctgate

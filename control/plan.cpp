// SPDX-License-Identifier: GPL-2.0-only
#include "control/plan.hpp"

#include <algorithm>
#include <set>

#include "control/settings.hpp"

namespace ctgate {
namespace {

constexpr unsigned ethernet_mtu = 1500;  // RFC 894

bool is_clamped(const Link& link, ClampMss mode) {
    return mode == ClampMss::on || (mode == ClampMss::automatic && link.mtu < ethernet_mtu);
}

void plan_external(const Config& config, const std::string& name, Netlink& netlink, Plan& plan) {
    const auto link = netlink.link(name);
    const auto own = link ? netlink.addresses(link->index) : std::vector<IpPrefix>();
    plan.ruleset.external.push_back(
        external_interface(config, name, own, config.external.size() == 1));
    if (!link) {
        plan.missing.push_back(name);
        return;
    }
    plan.external.push_back(*link);
    if (is_clamped(*link, config.clamp_mss)) {
        plan.ruleset.clamped.push_back(name);
    }
}

void plan_internal(const std::string& name, Netlink& netlink, Plan& plan) {
    plan.ruleset.internal.push_back(name);
    const auto link = netlink.link(name);
    if (!link) {
        plan.missing.push_back(name);
        return;
    }
    plan.internal.push_back(*link);
    for (const IpPrefix& each : netlink.addresses(link->index)) {
        plan.ruleset.internal_addresses.push_back(each.address);
    }
}

// An address on both sides belongs to the outside.
void settle_conflicts(Ruleset& ruleset) {
    std::set<IpAddress> external;
    for (const ExternalInterface& interface : ruleset.external) {
        for (const ExternalAddress& each : interface.addresses) {
            external.insert(each.address);
        }
    }
    std::erase_if(ruleset.internal_addresses,
                  [&](IpAddress each) { return external.contains(each); });
}

}  // namespace

Plan make_plan(const Config& config, Netlink& netlink, const Journal& journal) {
    Plan plan;
    plan.ruleset.accepted_mark = config.accepted_mark;
    for (const std::string& name : config.external) {
        plan_external(config, name, netlink, plan);
    }
    for (const std::string& name : config.internal) {
        plan_internal(name, netlink, plan);
    }
    settle_conflicts(plan.ruleset);
    for (const std::vector<Link>& links : {plan.internal, plan.external}) {
        for (const Link& link : links) {
            if (settings::opened_by_us(journal, link.name)) {
                plan.ruleset.opened.push_back(link.name);
            }
        }
    }
    return plan;
}

}  // namespace ctgate

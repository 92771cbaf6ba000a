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
}

bool is_loopback(IpAddress address) {
    return IpPrefix{{htonl(INADDR_LOOPBACK)}, 8}.contains(address);
}

AddressRoles roles_of(const Plan& plan, Netlink& netlink) {
    std::set<int> internal;
    for (const Link& link : plan.internal) {
        internal.insert(link.index);
    }
    AddressRoles roles;
    const auto add = [&](IpAddress address, ctgate_address_role role) {
        const auto [entry, fresh] = roles.emplace(address, role);
        entry->second = std::max(entry->second, role);
    };
    for (const auto& [ifindex, prefix] : netlink.addresses()) {
        if (internal.contains(ifindex)) {
            add(prefix.address, CTGATE_ADDRESS_INTERNAL);
        } else if (!is_loopback(prefix.address)) {
            add(prefix.address, CTGATE_ADDRESS_OTHER);
        }
    }
    for (const ExternalInterface& interface : plan.ruleset.external) {
        for (const ExternalAddress& each : interface.addresses) {
            add(each.address, CTGATE_ADDRESS_EXTERNAL);
        }
    }
    return roles;
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
    plan.addresses = roles_of(plan, netlink);
    for (const auto& [address, role] : plan.addresses) {
        if (role == CTGATE_ADDRESS_INTERNAL) {
            plan.ruleset.internal_addresses.push_back(address);
        }
    }
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

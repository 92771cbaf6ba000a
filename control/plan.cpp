// SPDX-License-Identifier: GPL-2.0-only
#include "control/plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "control/local_ports.hpp"
#include "control/settings.hpp"

namespace ctgate {
namespace {

constexpr unsigned ethernet_mtu = 1500;  // RFC 894

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

// The interface, where it is there.
unsigned index_of(const Plan& plan, const std::string& name) {
    const auto found = std::find_if(plan.external.begin(), plan.external.end(),
                                    [&](const Link& link) { return link.name == name; });
    return found == plan.external.end() ? 0 : static_cast<unsigned>(found->index);
}

// The external interface of such an address: the one that carries it, else the first.
unsigned interface_of(const Plan& plan, const AddressUses& uses, IpAddress external,
                      Netlink& netlink) {
    for (const auto& [ifindex, prefix] : netlink.addresses()) {
        if (prefix.address == external) {
            return static_cast<unsigned>(ifindex);
        }
    }
    const auto found = uses.find(external);
    if (found != uses.end() && found->second.ifindex != 0) {
        return found->second.ifindex;
    }
    return plan.external.empty() ? 0 : static_cast<unsigned>(plan.external.front().index);
}

AddressUses uses_of(const Config& config, const Plan& plan, Netlink& netlink) {
    std::set<int> internal;
    for (const Link& link : plan.internal) {
        internal.insert(link.index);
    }
    AddressUses uses;
    const auto add = [&](IpAddress address, ctgate_address_role role, unsigned ifindex = 0) {
        ctgate_address_use& use = uses[address];
        if (role > use.role) {
            use = {.role = role, .ifindex = ifindex, .internal = {}};
        }
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
            add(each.address, CTGATE_ADDRESS_EXTERNAL, index_of(plan, interface.name));
        }
    }
    for (const OneToOneOption& each : config.one_to_one) {
        uses[each.external] = {.role = CTGATE_ADDRESS_ONE_TO_ONE,
                               .ifindex = interface_of(plan, uses, each.external, netlink),
                               .internal = each.internal.to_bytes()};
    }
    return uses;
}

// Of the only internal interface.
IpPrefix network_of(const std::vector<std::string>& internal, Netlink& netlink) {
    const auto link = netlink.link(internal.front());
    const auto own = link ? netlink.addresses(link->index) : std::vector<IpPrefix>();
    if (own.empty()) {
        throw std::runtime_error(
            fmt::format("--deterministic needs an address on interface '{}', whose network it is "
                        "about, or write --deterministic=PREFIX",
                        internal.front()));
    }
    return {own.front().network(), own.front().length};
}

bool is_at(const LocalPort& port, const PortSpace& space) {
    return port.protocol == space.protocol &&
           (port.address == IpAddress{} || port.address == space.address);
}

}  // namespace

bool is_clamped(const Link& link, ClampMss mode) {
    return mode == ClampMss::on || (mode == ClampMss::automatic && link.mtu < ethernet_mtu);
}

PortPlans ports_of(const std::vector<ExternalInterface>& interfaces) {
    PortPlans result;
    const std::vector<LocalPort> local = local_ports();
    for (const ExternalInterface& interface : interfaces) {
        for (const ExternalAddress& each : interface.addresses) {
            for (const int protocol : {IPPROTO_TCP, IPPROTO_UDP}) {
                const PortSpace space{each.address, static_cast<std::uint8_t>(protocol)};
                const PortPlan plan{ports_in(each.ranges), interface.block_order,
                                    interface.deterministic.has_value()};
                Ports& ports = result.emplace(space, plan).first->second.allowed;
                for (const LocalPort& port : local) {
                    if (is_at(port, space)) {
                        ports.reset(port.port);
                    }
                }
            }
        }
    }
    return result;
}

Plan make_plan(Config config, Netlink& netlink, const Journal& journal) {
    Plan plan;
    if (config.deterministic && !config.deterministic->prefix) {
        config.deterministic->prefix = network_of(config.internal, netlink);
    }
    plan.ruleset.accepted_mark = config.accepted_mark;
    for (const std::string& name : config.external) {
        plan_external(config, name, netlink, plan);
    }
    for (const std::string& name : config.internal) {
        plan_internal(name, netlink, plan);
    }
    plan.addresses = uses_of(config, plan, netlink);
    plan.ports = ports_of(plan.ruleset.external);
    for (const ExternalInterface& interface : plan.ruleset.external) {
        plan.forwards.merge(forwards_of(config, interface, index_of(plan, interface.name)));
    }
    plan.ruleset.one_to_one = config.one_to_one;
    plan.ruleset.exempt = config.no_nat;
    for (const auto& [address, use] : plan.addresses) {
        if (use.role == CTGATE_ADDRESS_INTERNAL) {
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

// SPDX-License-Identifier: GPL-2.0-only
// The router's own ports, and those that are given out.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "control/doctor.hpp"
#include "control/doctor_judgements.hpp"
#include "control/option_parts.hpp"
#include "control/start_checks.hpp"
#include "control/sysctl.hpp"

namespace ctgate::doctor {
namespace {

constexpr std::size_t most_named = 5;

const char* const no_address = "no external address is known";

PortRange chosen_ports() {
    return parse_port_range(sysctl::read("net/ipv4/ip_local_port_range").value_or(""));
}

bool has_addresses(const Patient& patient) {
    return std::any_of(patient.pools.begin(), patient.pools.end(),
                       [](const ExternalInterface& each) { return !each.addresses.empty(); });
}

Findings router_ports(const Patient& patient) {
    return has_addresses(patient) ? judge_router_ports(local_ports(), patient.pools, chosen_ports())
                                  : Findings{not_applicable(no_address)};
}

Findings local_range(const Patient& patient) {
    return has_addresses(patient)
               ? judge_local_range(chosen_ports(), patient.pools,
                                   !patient.gateway || patient.gateway->daemon != 0)
               : Findings{not_applicable(no_address)};
}

Findings forwards(const Patient& patient) {
    if (patient.config.forwards.empty()) {
        return {not_applicable("no ports are forwarded")};
    }
    Netlink netlink;
    check_forwards(netlink, patient.config);  // throws
    return {good("no socket of the router itself has a port that is forwarded")};
}

bool is_within(const LocalPort& port, const ExternalAddress& address) {
    return (port.address == IpAddress{} || port.address == address.address) &&
           std::any_of(address.ranges.begin(), address.ranges.end(), [&](const auto& each) {
               return port.port >= each.low && port.port <= each.high;
           });
}

bool is_within(const LocalPort& port, const std::vector<ExternalInterface>& pools) {
    return std::any_of(pools.begin(), pools.end(), [&](const ExternalInterface& pool) {
        return std::any_of(pool.addresses.begin(), pool.addresses.end(),
                           [&](const ExternalAddress& each) { return is_within(port, each); });
    });
}

constexpr Check checks[] = {
    {"router-ports", router_ports}, {"local-port-range", local_range}, {"forwards", forwards}};

}  // namespace

PortRange parse_port_range(const std::string& text) {
    PortRange range;
    std::istringstream(text) >> range.low >> range.high;
    return range;
}

Findings judge_router_ports(const std::vector<LocalPort>& local,
                            const std::vector<ExternalInterface>& pools, PortRange chosen) {
    std::vector<std::string> found;
    for (const LocalPort& each : local) {
        const bool by_kernel = each.port >= chosen.low && each.port <= chosen.high;
        if (!by_kernel && is_within(each, pools)) {
            found.push_back(fmt::format("{} {}", protocol_word(each.protocol),
                                        Endpoint{each.address, each.port}.text()));
        }
    }
    if (found.empty()) {
        return {good("no service of the router's own lies within the external ports")};
    }
    const std::size_t more = found.size() - std::min(found.size(), most_named);
    found.resize(found.size() - more);
    return {warning(
        fmt::format("sockets of the router itself lie within the external ports, and "
                    "are not given out: {}{}",
                    fmt::join(found, ", "), more == 0 ? "" : fmt::format(" and {} more", more)),
        "--port-range without them, or end what uses them ('ss -lnptu' names it)")};
}

Findings judge_local_range(PortRange chosen, const std::vector<ExternalInterface>& pools,
                           bool daemon) {
    const std::string range = fmt::format("{}-{}", chosen.low, chosen.high);
    const bool overlaps = std::any_of(pools.begin(), pools.end(), [&](const auto& pool) {
        return std::any_of(pool.addresses.begin(), pool.addresses.end(), [&](const auto& address) {
            return std::any_of(address.ranges.begin(), address.ranges.end(), [&](const auto& each) {
                return each.low <= chosen.high && chosen.low <= each.high;
            });
        });
    });
    if (!overlaps) {
        return {good(fmt::format("the router's own connections ({}) have other ports", range))};
    }
    if (daemon) {
        return {
            good(fmt::format("the router's own connections ({}) share the external ports; the "
                             "daemon keeps theirs from being given out",
                             range))};
    }
    return {
        warning(fmt::format("the router's own connections ({}) share the external ports, and no "
                            "daemon keeps theirs from being given out",
                            range),
                "'ctgate run', or --port-range without them")};
}

std::span<const Check> port_checks() {
    return checks;
}

}  // namespace ctgate::doctor

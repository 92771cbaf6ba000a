// SPDX-License-Identifier: GPL-2.0-only
// The interfaces themselves.
#include <fmt/format.h>

#include <algorithm>

#include "control/doctor.hpp"
#include "control/doctor_judgements.hpp"
#include "control/fast_path.hpp"
#include "control/nft.hpp"
#include "control/offloads.hpp"
#include "control/plan.hpp"
#include "control/start_checks.hpp"
#include "control/sysctl.hpp"
#include "control/xdp_features.hpp"

namespace ctgate::doctor {
namespace {

const char* const no_interfaces =
    "the interfaces are not named (--internal, --external), or not there";

std::vector<Link> served(const Patient& patient) {
    std::vector<Link> links = patient.internal;
    links.insert(links.end(), patient.external.begin(), patient.external.end());
    return links;
}

std::vector<std::string> names(const Patient& patient) {
    std::vector<std::string> result = patient.config.internal;
    result.insert(result.end(), patient.config.external.begin(), patient.config.external.end());
    return result;
}

bool contains(const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

Findings interfaces(const Patient& patient) {
    if (!patient.has_interfaces()) {
        return {not_applicable(no_interfaces)};
    }
    Findings problems;
    Netlink netlink;
    for (const std::string& name : names(patient)) {
        try {
            if (!contains(patient.config.move, name) && !require_link(netlink, name).running) {
                problems.push_back(warning(fmt::format("interface '{}' has no carrier", name),
                                           "plug its cable in, or see to its other end"));
            }
        } catch (const std::runtime_error& error) {
            problems.push_back(bad_sentence(error.what()));
        }
    }
    return unless_good(problems, fmt::format("there and up: {}", fmt::join(names(patient), ", ")));
}

Findings bridges(const Patient& patient) {
    if (served(patient).empty()) {
        return {not_applicable(no_interfaces)};
    }
    check_bridges(served(patient));  // throws
    return {good("netfilter does not see the packets of these interfaces twice")};
}

Findings external_addresses(const Patient& patient) {
    if (patient.external.empty()) {
        return {not_applicable(no_interfaces)};
    }
    Findings problems;
    std::vector<std::string> addresses;
    for (const ExternalInterface& pool : patient.pools) {
        if (pool.addresses.empty()) {
            problems.push_back(
                bad(fmt::format("external interface '{}' has no address: nothing goes out there",
                                pool.name),
                    fmt::format("ip address add ADDR/LENGTH dev {0}, or start its DHCP client; or "
                                "--external-address {0}=ADDR",
                                pool.name)));
        }
        for (const ExternalAddress& each : pool.addresses) {
            addresses.push_back(each.address.text());
        }
    }
    return unless_good(problems, fmt::format("{}", fmt::join(addresses, ", ")));
}

// Our table has it only where the MSS is clamped.
std::string clamp_chain() {
    try {
        return nft::run("list chain ip ctgate clamp", "Cannot list our chain");
    } catch (const std::runtime_error&) {
        return "";
    }
}

std::vector<std::string> clamped(const Patient& patient) {
    const std::string chain = patient.gateway ? clamp_chain() : "";
    std::vector<std::string> result;
    for (const Link& each : patient.external) {
        const bool in_force = chain.find(fmt::format("\"{}\"", each.name)) != std::string::npos;
        if (patient.gateway ? in_force : is_clamped(each, patient.config.clamp_mss)) {
            result.push_back(each.name);
        }
    }
    return result;
}

Findings mtu(const Patient& patient) {
    if (patient.internal.empty() || patient.external.empty()) {
        return {not_applicable(no_interfaces)};
    }
    return judge_mtu(patient.internal, patient.external, clamped(patient));
}

// Hardware only: others have no packets to merge, or do as those below them.
Findings offloads(const Patient& patient) {
    if (served(patient).empty()) {
        return {not_applicable(no_interfaces)};
    }
    Findings problems;
    for (const Link& each : served(patient)) {
        const auto found = offloads_of(each.name);
        if (found && found->lro) {
            problems.push_back(
                bad(fmt::format("LRO is on at '{}': it merges packets that are to be forwarded",
                                each.name),
                    fmt::format("ethtool -K {} lro off", each.name)));
        }
        if (found && !found->gro && each.kind.empty()) {
            problems.push_back(
                warning(fmt::format("GRO is off at '{}': bulk TCP at TC is slower", each.name),
                        fmt::format("ethtool -K {} gro on", each.name)));
        }
    }
    return unless_good(problems, "no LRO");
}

Findings xdp(const Patient& patient) {
    if (patient.gateway || patient.config.fast_path == FastPath::tc ||
        patient.config.fast_path == FastPath::off) {
        return {not_applicable("settled: see short-path, --fast-path")};
    }
    if (served(patient).empty()) {
        return {not_applicable(no_interfaces)};
    }
    std::vector<std::string> reasons;
    for (const Link& each : served(patient)) {
        const bool vlans = std::any_of(
            patient.links.begin(), patient.links.end(),
            [&](const Link& other) { return other.kind == "vlan" && other.lower == each.index; });
        const fast_path::Facts facts{
            .features = xdp::features(each.index), .taken = false, .carries_vlans = vlans};
        for (const auto& reason :
             {fast_path::obstacle(each, facts), fast_path::loss(each, facts)}) {
            if (reason) {
                reasons.push_back(*reason);
                break;
            }
        }
    }
    if (!reasons.empty() && patient.config.fast_path == FastPath::xdp) {
        return {warning(fmt::format("{}", fmt::join(reasons, "; ")), "--fast-path auto")};
    }
    return {good(reasons.empty() ? "established sessions can take XDP"
                                 : fmt::format("established sessions will be forwarded at TC: {}",
                                               fmt::join(reasons, "; ")))};
}

Findings ipv6(const Patient& patient) {
    if (served(patient).empty()) {
        return {not_applicable(no_interfaces)};
    }
    Findings problems;
    for (const Link& each : served(patient)) {
        if (sysctl::read(fmt::format("net/ipv6/conf/{}/forwarding", each.name)).value_or("0") !=
            "0") {
            problems.push_back(warning(
                fmt::format("IPv6 is forwarded from '{}': ctgate neither translates nor guards it",
                            each.name),
                fmt::format("a firewall of your own, or sysctl -w net/ipv6/conf/{}/forwarding=0",
                            each.name)));
        }
    }
    return unless_good(problems, "not forwarded");
}

constexpr Check checks[] = {{"interfaces", interfaces},
                            {"bridge-netfilter", bridges},
                            {"external-address", external_addresses},
                            {"mtu", mtu},
                            {"offloads", offloads},
                            {"xdp", xdp},
                            {"ipv6", ipv6}};

}  // namespace

Findings judge_mtu(const std::vector<Link>& internal, const std::vector<Link>& external,
                   const std::vector<std::string>& clamped) {
    Findings problems;
    for (const Link& out : external) {
        const auto wider = std::find_if(internal.begin(), internal.end(),
                                        [&](const Link& in) { return in.mtu > out.mtu; });
        if (wider != internal.end() && !contains(clamped, out.name)) {
            problems.push_back(warning(
                fmt::format("'{}' takes packets of {} bytes and '{}' of {}: where somebody drops "
                            "ICMP, TCP sessions hang",
                            wider->name, wider->mtu, out.name, out.mtu),
                "--clamp-mss on"));
        }
    }
    return unless_good(problems, clamped.empty() ? "none is narrower outside than inside"
                                                 : "the MSS of TCP is clamped where it must");
}

std::span<const Check> interface_checks() {
    return checks;
}

}  // namespace ctgate::doctor

// SPDX-License-Identifier: GPL-2.0-only
// Whether all of what serves is still there.
#include <fmt/core.h>

#include <algorithm>

#include "control/doctor.hpp"
#include "control/nft.hpp"
#include "control/run_directory.hpp"
#include "control/sysctl.hpp"

namespace ctgate::doctor {
namespace {

const char* const nothing_serves = "nothing of ctgate serves this network namespace";

std::string how_to_repair(const GatewayState& state) {
    return state.daemon != 0 ? fmt::format("kill -HUP {}", state.daemon)
                             : "'ctgate run' with the same options";
}

Findings gateway(const Patient& patient) {
    if (patient.gateway) {
        Findings problems;
        for (const std::string& each : patient.gateway->faults) {
            problems.push_back(bad(each, how_to_repair(*patient.gateway)));
        }
        return unless_good(problems,
                           "programs, pinned maps and the nft table 'ip ctgate' are in place");
    }
    const auto directory = RunDirectory::find();
    if (const int pid = directory ? DaemonLock::holder(*directory) : 0; pid != 0) {
        return {warning(fmt::format("process {} is only just starting", pid), "look again")};
    }
    if (directory || !nft::fingerprint().empty()) {
        return {bad("of ctgate there are remains here that do not serve", "ctgate down")};
    }
    return {not_applicable(nothing_serves)};
}

Findings daemon(const Patient& patient) {
    if (!patient.gateway) {
        return {not_applicable(nothing_serves)};
    }
    if (patient.gateway->daemon == 0) {
        return {
            warning("there is no daemon: sessions go on, but changes of addresses, interfaces "
                    "and of the router's own ports are not followed",
                    how_to_repair(*patient.gateway))};
    }
    return {good(fmt::format("process {}", patient.gateway->daemon))};
}

// What ctgate turns on when it serves, last of all.
Findings forwarding(const Patient& patient) {
    Findings problems;
    for (const std::vector<Link>& links : {patient.internal, patient.external}) {
        for (const Link& each : links) {
            const std::string name = fmt::format("net/ipv4/conf/{}/forwarding", each.name);
            if (patient.gateway && sysctl::read(name) == "0") {
                problems.push_back(
                    bad(fmt::format("what comes in on '{}' is not forwarded (setting "
                                    "net.ipv4.ip_forward to 0 does that to all interfaces)",
                                    each.name),
                        fmt::format("sysctl -w {}=1", name)));
            }
        }
    }
    return unless_good(problems, patient.gateway ? "on, where ctgate serves"
                                                 : "'ctgate run' turns it on for its interfaces");
}

Findings liberal(const Patient& patient) {
    const std::string name = "net/netfilter/nf_conntrack_tcp_be_liberal";
    if (!patient.gateway) {
        return {good("'ctgate run' turns window checks off")};
    }
    if (sysctl::read(name) == "0") {
        return {
            bad("conntrack checks TCP windows: it does not see each packet of a session on the "
                "short path, and would call the others invalid",
                fmt::format("sysctl -w {}=1", name))};
    }
    return {good("conntrack does not check TCP windows")};
}

Findings short_path(const Patient& patient) {
    if (!patient.gateway) {
        return {not_applicable(nothing_serves)};
    }
    const Serving::ShortPath& path = patient.gateway->serving.short_path;
    Findings problems;
    for (const InterfaceState& each : patient.gateway->interfaces) {
        const auto link =
            std::find_if(patient.links.begin(), patient.links.end(),
                         [&](const Link& candidate) { return candidate.name == each.name; });
        if (!each.xdp && link != patient.links.end() && path.xdp.contains(link->index)) {
            problems.push_back(warning(fmt::format("the program in XDP of '{}' is gone", each.name),
                                       how_to_repair(*patient.gateway)));
        }
    }
    for (const std::string& each : path.warnings) {
        problems.push_back(warning(each, "--fast-path auto, or --fast-path tc"));
    }
    switch (path.mode) {
        case FastPath::off:
            return unless_good(problems, "off: established sessions go through the stack");
        case FastPath::xdp:
            return unless_good(problems, "in XDP");
        default:
            return unless_good(problems, "at TC");
    }
}

constexpr Check checks[] = {{"gateway", gateway},
                            {"daemon", daemon},
                            {"forwarding", forwarding},
                            {"tcp-windows", liberal},
                            {"short-path", short_path}};

}  // namespace

std::span<const Check> gateway_checks() {
    return checks;
}

}  // namespace ctgate::doctor

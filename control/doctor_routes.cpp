// SPDX-License-Identifier: GPL-2.0-only
// Where sessions leave, and whether replies may come in there.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "control/doctor.hpp"
#include "control/doctor_judgements.hpp"
#include "control/sysctl.hpp"

namespace ctgate::doctor {
namespace {

const char* const add_route = "ip route add default via GATEWAY dev {}";

std::string name_of(int ifindex, const std::vector<Link>& links) {
    const auto link = std::find_if(links.begin(), links.end(),
                                   [&](const Link& each) { return each.index == ifindex; });
    return link == links.end() ? fmt::format("interface {}", ifindex) : link->name;
}

bool has(const std::vector<Link>& links, int ifindex) {
    return std::any_of(links.begin(), links.end(),
                       [&](const Link& each) { return each.index == ifindex; });
}

// No default route. Others may be all that is wanted.
Finding nowhere(const std::vector<WayOut>& ways, const std::vector<Link>& external) {
    const std::string remedy =
        fmt::format(fmt::runtime(add_route), external.empty() ? "IF" : external[0].name);
    const bool somewhere = std::any_of(
        ways.begin(), ways.end(), [&](const WayOut& each) { return has(external, each.ifindex); });
    const char* const found = "there is no default route";
    return somewhere || external.empty() ? warning(found, remedy) : bad(found, remedy);
}

int number(const std::string& name) {
    const std::string text = sysctl::read(name).value_or("0");
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

Findings default_route(const Patient& patient) {
    for (const RouteOption& each : patient.config.routes) {
        if (each.destination.length == 0) {
            return {good("--route sets one up")};
        }
    }
    return judge_ways_out(ways_out(), patient.external, patient.links);
}

// The only way out gets all replies: strictness does no harm there.
Findings reverse_path(const Patient& patient) {
    if (patient.external.empty()) {
        return {not_applicable("external interfaces are not named (--external), or not there")};
    }
    Findings problems;
    std::set<int> ways;
    for (const WayOut& each : ways_out()) {
        if (each.is_default) {
            ways.insert(each.ifindex);
        }
    }
    for (const Link& each : patient.external) {
        if (ways != std::set<int>{each.index}) {
            const Findings found =
                judge_reverse_path(each.name, number("net/ipv4/conf/all/rp_filter"),
                                   number(fmt::format("net/ipv4/conf/{}/rp_filter", each.name)));
            problems.insert(problems.end(), found.begin(), found.end());
        }
    }
    return unless_good(problems, "keeps no replies out");
}

constexpr Check checks[] = {{"default-route", default_route},
                            {"reverse-path-filter", reverse_path}};

}  // namespace

Findings judge_ways_out(const std::vector<WayOut>& ways, const std::vector<Link>& external,
                        const std::vector<Link>& links) {
    std::vector<WayOut> defaults;
    std::copy_if(ways.begin(), ways.end(), std::back_inserter(defaults),
                 [](const WayOut& each) { return each.is_default; });
    if (defaults.empty()) {
        return {nowhere(ways, external)};
    }
    std::stable_sort(defaults.begin(), defaults.end(), [](const WayOut& one, const WayOut& other) {
        return one.metric < other.metric;
    });
    Findings problems;
    const WayOut& first = defaults.front();
    const std::string name = name_of(first.ifindex, links);
    if (!external.empty() && !has(external, first.ifindex)) {
        problems.push_back(
            bad(fmt::format("the default route leads to '{}', which is no external interface: "
                            "what goes there is not translated",
                            name),
                fmt::format("--external {}, or {}", name,
                            fmt::format(fmt::runtime(add_route), external[0].name))));
    }
    const bool ambiguous = defaults.size() > 1 && defaults[1].metric == first.metric &&
                           defaults[1].ifindex != first.ifindex;
    if (ambiguous) {
        problems.push_back(warning(
            fmt::format("two default routes of metric {}, to '{}' and '{}': which of them a "
                        "session takes is not settled",
                        first.metric, name, name_of(defaults[1].ifindex, links)),
            fmt::format("give one of them a higher metric: ip route change default via GATEWAY "
                        "dev {} metric {}",
                        name_of(defaults[1].ifindex, links), first.metric + 100)));
    }
    return unless_good(problems, fmt::format("leads to '{}'", name));
}

Findings judge_reverse_path(const std::string& interface, int all, int own) {
    constexpr int strict = 1;
    if (std::max(all, own) != strict) {
        return {};
    }
    return {warning(fmt::format("strict at '{}', which is not the only way out: packets of remote "
                                "hosts whose route leads elsewhere are dropped there",
                                interface),
                    fmt::format("sysctl -w net/ipv4/conf/{}/rp_filter=2", interface))};
}

std::span<const Check> route_checks() {
    return checks;
}

}  // namespace ctgate::doctor

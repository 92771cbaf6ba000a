// SPDX-License-Identifier: GPL-2.0-only
// What becomes of a packet that is to be explained behind our programs: route, firewall, guard.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/explain.hpp"
#include "control/netlink.hpp"
#include "control/nft.hpp"
#include "control/route_query.hpp"

namespace ctgate::explain {
namespace {

using nlohmann::json;

// The chains of the host's own tables at this hook, in the order in which they are passed. Filters
// of IPv4 may also be made by iptables-nft; those of the old iptables are not to be seen here.
std::vector<std::string> foreign_chains(const std::string& hook) {
    const json listing = json::parse(
        nft::run("list chains", "Cannot list the nft chains", nft::Format::json), nullptr, false);
    std::vector<std::pair<int, std::string>> found;
    for (const json& each : listing.value("nftables", json::array())) {
        const json chain = each.value("chain", json::object());
        const std::string family = chain.value("family", "");
        const bool ours = family == "ip" && chain.value("table", "") == "ctgate";
        if ((family == "ip" || family == "inet") && !ours && chain.value("hook", "") == hook) {
            found.emplace_back(
                chain.value("prio", 0),
                fmt::format("{} {} {} (policy {})", family, chain.value("table", ""),
                            chain.value("name", ""), chain.value("policy", "accept")));
        }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& one, const auto& other) { return one.first < other.first; });
    std::vector<std::string> chains;
    chains.reserve(found.size());
    for (auto& [priority, text] : found) {
        chains.push_back(std::move(text));
    }
    return chains;
}

void tell_firewall(const std::string& hook, Answer& answer) {
    const std::vector<std::string> chains = foreign_chains(hook);
    answer.steps.push_back(
        {"firewall", hook,
         chains.empty()
             ? fmt::format("the host has no nft chain of its own at the {} hook", hook)
             : fmt::format("the host's own nft chains decide on it: {}", fmt::join(chains, ", "))});
}

void drop(const Verdict& verdict, Answer& answer) {
    answer.verdict = verdict;
    answer.counters.push_back(verdict.counter);
}

}  // namespace

void follow_in_stack(const RunDirectory& directory, const Serving& serving, Answer& answer) {
    const std::string action = answer.verdict.action;
    if (action != "stack" && action != "short_path") {
        return;
    }
    const Endpoint destination = answer.destination.value_or(answer.packet.destination);
    const RouteAnswer route = query_route({.destination = destination.address,
                                           .source = answer.packet.source.address,
                                           .input = answer.packet.arrival.index});
    if (!route.problem.empty()) {
        answer.steps.push_back(
            {"route", "none",
             fmt::format("the kernel has none to {} ({}): it discards the packet",
                         destination.address.text(), route.problem)});
        return;
    }
    if (route.local) {
        answer.steps.push_back({"route", "local",
                                fmt::format("{} is the router itself: its own sockets get it",
                                            destination.address.text())});
        tell_firewall("input", answer);
        return;
    }
    const auto link = Netlink().link(route.output);
    const std::string output = link ? link->name : "?";
    answer.steps.push_back({"route", "forward",
                            fmt::format("to {} out of '{}'{}", destination.address.text(), output,
                                        route.gateway ? " via " + route.gateway->text() : "")});
    if (action == "short_path") {
        return;
    }
    if (const auto verdict = drop_in_guard(directory, serving, answer, output)) {
        drop(*verdict, answer);
        return;
    }
    tell_firewall("forward", answer);
    if (const auto verdict = drop_as_leak(directory, serving, answer, output)) {
        drop(*verdict, answer);
    }
}

}  // namespace ctgate::explain

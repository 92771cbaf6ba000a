// SPDX-License-Identifier: GPL-2.0-only
// What `ctgate doctor` looks at: tables of small checks, each of which judges one thing that can
// spoil NAT.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/config.hpp"
#include "control/firewall.hpp"
#include "control/gateway_state.hpp"
#include "control/netlink.hpp"
#include "control/pool.hpp"

namespace ctgate::doctor {

enum class Grade { good, warning, bad, not_applicable };

struct Finding {
    Grade grade = Grade::good;
    std::string found;
    std::string remedy;  // of warning and bad
};
using Findings = std::vector<Finding>;

Finding good(std::string found);
Finding warning(std::string found, std::string remedy);
Finding bad(std::string found, std::string remedy);
Finding not_applicable(std::string why);
// Of a sentence such as those of start_checks.hpp: what is wrong; remedy.
Finding bad_sentence(const std::string& sentence);

// Good, if `problems` is empty; else these.
Findings unless_good(Findings problems, std::string found);

// The network namespace, as it was found.
struct Patient {
    std::optional<GatewayState> gateway;
    Config config;  // as given; without options, as far as what serves tells
    std::vector<Link> links;
    std::vector<Link> internal;  // those of the interfaces that are there
    std::vector<Link> external;
    std::vector<IpPrefix> inside;          // networks of the internal interfaces
    std::vector<ExternalInterface> pools;  // external addresses with their ports
    firewall::Ruleset ruleset;
    std::string ruleset_error;  // why it could not be read; empty: it was

    bool has_interfaces() const { return !config.internal.empty(); }
    bool serves() const { return gateway.has_value(); }
};

struct Check {
    const char* name;
    Findings (*look)(const Patient&);
};

std::span<const Check> kernel_checks();
std::span<const Check> gateway_checks();
std::span<const Check> interface_checks();
std::span<const Check> route_checks();
std::span<const Check> conntrack_checks();
std::span<const Check> port_checks();
std::span<const Check> firewall_checks();

}  // namespace ctgate::doctor

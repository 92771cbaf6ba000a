// SPDX-License-Identifier: GPL-2.0-only
// What the checks of `ctgate doctor` conclude from numbers and names alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "control/default_routes.hpp"
#include "control/doctor.hpp"
#include "control/local_ports.hpp"

namespace ctgate::doctor {

// `external`, if there are any: where sessions are to leave.
Findings judge_ways_out(const std::vector<WayOut>& ways, const std::vector<Link>& external,
                        const std::vector<Link>& links);

// `clamped`: names of the external interfaces where the MSS is.
Findings judge_mtu(const std::vector<Link>& internal, const std::vector<Link>& external,
                   const std::vector<std::string>& clamped);

// Reverse path filter of one external interface; the kernel takes the higher of both settings.
Findings judge_reverse_path(const std::string& interface, int all, int own);

// Sessions in conntrack's table, and how many it takes (0: any number).
Findings judge_room(std::uint64_t count, std::uint64_t limit);
// `wanted`: --max-sessions, or 0. `settable`: this network namespace may set the limit.
Findings judge_limit(std::uint64_t limit, std::uint64_t wanted, bool settable);
Findings judge_buckets(std::uint64_t limit, std::uint64_t buckets);

// Counts of /proc/net/stat/nf_conntrack, of all processors together.
struct ConntrackLosses {
    std::uint64_t insert_failed = 0;
    std::uint64_t drop = 0;
    std::uint64_t early_drop = 0;
};
ConntrackLosses parse_conntrack_losses(const std::string& text);
Findings judge_losses(const ConntrackLosses& losses);

struct PortRange {
    unsigned low = 0;
    unsigned high = 0;
};
// Of net.ipv4.ip_local_port_range.
PortRange parse_port_range(const std::string& text);
// Sockets of the router that lie within the external ports, but for those with a port that the
// kernel chose for them.
Findings judge_router_ports(const std::vector<LocalPort>& local,
                            const std::vector<ExternalInterface>& pools, PortRange chosen);
// `daemon`: somebody looks which ports are in use.
Findings judge_local_range(PortRange chosen, const std::vector<ExternalInterface>& pools,
                           bool daemon);

}  // namespace ctgate::doctor

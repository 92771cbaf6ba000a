// SPDX-License-Identifier: GPL-2.0-only
// What each internal host has, and was refused: from conntrack and from the dataplane's maps.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/conntrack.hpp"
#include "control/conntrack_names.hpp"
#include "control/pinned_map.hpp"
#include "control/run_directory.hpp"
#include "control/session_traffic.hpp"
#include "control/session_view.hpp"
#include "control/show.hpp"
#include "control/view_options.hpp"
#include "ctgate/behaviour.h"
#include "ctgate/hosts.h"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

struct Host {
    std::uint64_t sessions = 0;  // translated ones
    Traffic traffic;             // of these, both ways
    ctgate_host counted{};
};

// By address in numerical order, and protocol.
using Hosts = std::map<std::tuple<std::uint32_t, std::uint8_t>, Host>;
using Row = std::pair<Hosts::key_type, Host>;

constexpr std::pair<const char*, ctgate_refusal> refusals[] = {
#define CTGATE_ROW(id, name, text) {name, CTGATE_REFUSED_##id},
    CTGATE_REFUSALS(CTGATE_ROW)
#undef CTGATE_ROW
};

Host& host_of(Hosts& hosts, IpAddress address, std::uint8_t protocol) {
    return hosts[{ntohl(address.v4), protocol}];
}

void read_sessions(const SessionFilter& filter, Hosts& hosts) {
    const TrafficCounts counts;
    conntrack::for_each(
        [&](const Session& session) {
            const SessionView seen = view(session);
            if (!seen.external || !filter.matches(session, seen) ||
                (session.protocol != IPPROTO_TCP && session.protocol != IPPROTO_UDP)) {
                return;
            }
            Host& host = host_of(hosts, seen.internal.address, session.protocol);
            const SessionTraffic traffic = counts.of(session, seen.nat);
            host.sessions++;
            host.traffic.packets += traffic.packets();
            host.traffic.bytes += traffic.bytes();
        },
        filter.selection());
}

Hosts read_hosts(const FileDescriptor& map, const SessionFilter& filter) {
    Hosts hosts;
    read_sessions(filter, hosts);
    ctgate_host_key key{};
    for (const ctgate_host_key* previous = nullptr;
         bpf_map_get_next_key(map.get(), previous, &key) == 0; previous = &key) {
        const IpAddress address{key.address.words[0]};
        const auto protocol = static_cast<std::uint8_t>(key.protocol);
        ctgate_host counted{};
        if (filter.matches(protocol, {address, 0}, {}) &&
            bpf_map_lookup_elem(map.get(), &key, &counted) == 0) {
            host_of(hosts, address, protocol).counted = counted;
        }
    }
    return hosts;
}

std::string address_text(std::uint32_t address) {
    return IpAddress{htonl(address)}.text();
}

std::uint64_t refused(const Host& host) {
    std::uint64_t sum = 0;
    for (const std::uint64_t each : host.counted.refused) {
        sum += each;
    }
    return sum;
}

// "3 (port_quota 2, session_rate 1)"
std::string refused_text(const Host& host) {
    std::string reasons;
    for (const auto& [name, why] : refusals) {
        if (const std::uint64_t value = host.counted.refused[why]; value != 0) {
            reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", name, value);
        }
    }
    return reasons.empty() ? "0" : fmt::format("{} ({})", refused(host), reasons);
}

std::string of_limit(std::uint64_t value, std::uint64_t limit) {
    return limit == 0 ? std::to_string(value) : fmt::format("{}/{}", value, limit);
}

// What --sort calls it; by address when it is empty.
std::uint64_t rank(const Host& host, const std::string& order) {
    if (order == "sessions") {
        return host.sessions;
    }
    if (order == "ports") {
        return host.counted.ports;
    }
    if (order == "bytes") {
        return host.traffic.bytes;
    }
    return order == "refused" ? refused(host) : 0;
}

void check_order(const std::string& order) {
    constexpr std::array orders = {"", "address", "sessions", "ports", "bytes", "refused"};
    if (std::find(orders.begin(), orders.end(), order) == orders.end()) {
        throw ConfigError({fmt::format(
            "--sort {} is none of address, sessions, ports, bytes, refused", quote(order))});
    }
}

// In the order that is asked for, and no more than that.
std::vector<Row> rows_of(const Hosts& hosts, const ViewOptions& options) {
    std::vector<Row> rows(hosts.begin(), hosts.end());
    std::stable_sort(rows.begin(), rows.end(), [&](const Row& one, const Row& other) {
        return rank(one.second, options.sort) > rank(other.second, options.sort);
    });
    if (options.top != 0 && rows.size() > options.top) {
        rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(options.top), rows.end());
    }
    return rows;
}

void print_table(const std::vector<Row>& hosts, const ctgate_settings& settings) {
    constexpr const char* row = "{:<15} {:<8} {:>17} {:>11} {:>11} {:>14}  {}\n";
    fmt::print(row, "HOST", "PROTOCOL", "SESSIONS", "PORTS", "PACKETS", "BYTES", "REFUSED");
    for (const auto& [key, host] : hosts) {
        const auto& [address, protocol] = key;
        fmt::print(row, address_text(address), conntrack::protocol_name(protocol),
                   of_limit(host.sessions, settings.max_sessions_per_host),
                   of_limit(host.counted.ports, settings.max_ports_per_host), host.traffic.packets,
                   host.traffic.bytes, refused_text(host));
    }
}

ordered_json or_null(std::uint64_t limit) {
    return limit == 0 ? ordered_json() : ordered_json(limit);
}

ordered_json to_json(const std::vector<Row>& hosts, const ctgate_settings& settings) {
    ordered_json result = ordered_json::array();
    for (const auto& [key, host] : hosts) {
        const auto& [address, protocol] = key;
        ordered_json reasons = ordered_json::object();
        for (const auto& [name, why] : refusals) {
            reasons[name] = host.counted.refused[why];
        }
        result.push_back({{"host", address_text(address)},
                          {"protocol", conntrack::protocol_name(protocol)},
                          {"sessions", host.sessions},
                          {"max_sessions", or_null(settings.max_sessions_per_host)},
                          {"ports", host.counted.ports},
                          {"max_ports", or_null(settings.max_ports_per_host)},
                          {"packets", host.traffic.packets},
                          {"bytes", host.traffic.bytes},
                          {"refused", reasons}});
    }
    return result;
}

}  // namespace

int show_hosts(const ViewOptions& options) {
    check_order(options.sort);
    const auto directory = RunDirectory::find();
    if (!directory) {
        fmt::print(stderr, "{}", nothing_serves);
        return exit_not_serving;
    }
    const ctgate_settings settings = settings_in_force(*directory);
    const Hosts hosts = read_hosts(
        open_pinned_map(*directory, "hosts", sizeof(ctgate_host_key), sizeof(ctgate_host)),
        options.filter);
    const std::vector<Row> rows = rows_of(hosts, options);
    if (options.json) {
        fmt::print("{}\n", to_json(rows, settings).dump(2));
    } else {
        print_table(rows, settings);
    }
    return exit_success;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// What each internal host has, and was refused: from conntrack and from the dataplane's maps.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fmt/core.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <utility>

#include "control/commands.hpp"
#include "control/conntrack.hpp"
#include "control/conntrack_names.hpp"
#include "control/pinned_map.hpp"
#include "control/run_directory.hpp"
#include "control/session_view.hpp"
#include "control/show.hpp"
#include "ctgate/behaviour.h"
#include "ctgate/hosts.h"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

struct Host {
    std::uint64_t sessions = 0;  // translated ones
    ctgate_host counted{};
};

// By address in numerical order, and protocol.
using Hosts = std::map<std::tuple<std::uint32_t, std::uint8_t>, Host>;

constexpr std::pair<const char*, ctgate_refusal> refusals[] = {
#define CTGATE_ROW(id, name, text) {name, CTGATE_REFUSED_##id},
    CTGATE_REFUSALS(CTGATE_ROW)
#undef CTGATE_ROW
};

Host& host_of(Hosts& hosts, IpAddress address, std::uint8_t protocol) {
    return hosts[{ntohl(address.v4), protocol}];
}

Hosts read_hosts(const FileDescriptor& map) {
    Hosts hosts;
    conntrack::for_each([&](const Session& session) {
        const SessionView seen = view(session);
        if (seen.external && (session.protocol == IPPROTO_TCP || session.protocol == IPPROTO_UDP)) {
            host_of(hosts, seen.internal.address, session.protocol).sessions++;
        }
    });
    ctgate_host_key key{};
    for (const ctgate_host_key* previous = nullptr;
         bpf_map_get_next_key(map.get(), previous, &key) == 0; previous = &key) {
        ctgate_host counted{};
        if (bpf_map_lookup_elem(map.get(), &key, &counted) == 0) {
            host_of(hosts, {key.address.words[0]}, static_cast<std::uint8_t>(key.protocol))
                .counted = counted;
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

void print_table(const Hosts& hosts, const ctgate_settings& settings) {
    constexpr const char* row = "{:<15} {:<8} {:>17} {:>11}  {}\n";
    fmt::print(row, "HOST", "PROTOCOL", "SESSIONS", "PORTS", "REFUSED");
    for (const auto& [key, host] : hosts) {
        const auto& [address, protocol] = key;
        fmt::print(row, address_text(address), conntrack::protocol_name(protocol),
                   of_limit(host.sessions, settings.max_sessions_per_host),
                   of_limit(host.counted.ports, settings.max_ports_per_host), refused_text(host));
    }
}

ordered_json or_null(std::uint64_t limit) {
    return limit == 0 ? ordered_json() : ordered_json(limit);
}

ordered_json to_json(const Hosts& hosts, const ctgate_settings& settings) {
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
                          {"refused", reasons}});
    }
    return result;
}

}  // namespace

int show_hosts(bool json) {
    const auto directory = RunDirectory::find();
    if (!directory) {
        fmt::print(stderr, "{}", nothing_serves);
        return exit_not_serving;
    }
    const ctgate_settings settings = settings_in_force(*directory);
    const Hosts hosts = read_hosts(
        open_pinned_map(*directory, "hosts", sizeof(ctgate_host_key), sizeof(ctgate_host)));
    if (json) {
        fmt::print("{}\n", to_json(hosts, settings).dump(2));
    } else {
        print_table(hosts, settings);
    }
    return exit_success;
}

}  // namespace ctgate

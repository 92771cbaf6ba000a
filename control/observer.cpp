// SPDX-License-Identifier: GPL-2.0-only
#include "control/observer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "control/conntrack_names.hpp"
#include "control/metrics.hpp"
#include "control/privileges.hpp"
#include "control/status_json.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

constexpr std::chrono::milliseconds overview_age{500};
constexpr std::chrono::seconds census_age{2};
// So that reading takes at most a twentieth, and a fiftieth, of one processor.
constexpr unsigned overview_rest = 20;
constexpr unsigned census_rest = 50;
constexpr std::size_t hosts_listed = 10;

// The kernel tells some of it only to who has CAP_SYS_ADMIN.
Census read_census() {
    const privileges::SystemAdmin raised;
    return take_census();
}

Overview read_overview() {
    const privileges::SystemAdmin raised;
    Overview result;
    result.state = examine_gateway();
    if (result.state) {
        std::vector<std::string> names;
        for (const InterfaceState& each : result.state->interfaces) {
            names.push_back(each.name);
        }
        result.traffic = read_traffic(names);
        if (const auto directory = RunDirectory::find()) {
            result.counters = read_counters(*directory);
        }
    }
    return result;
}

// Those with most sessions.
ordered_json top_hosts(const Census& census) {
    std::vector<std::pair<IpAddress, HostCensus>> hosts(census.hosts.begin(), census.hosts.end());
    const auto end =
        hosts.begin() + static_cast<std::ptrdiff_t>(std::min(hosts.size(), hosts_listed));
    std::partial_sort(hosts.begin(), end, hosts.end(), [](const auto& one, const auto& other) {
        return one.second.sessions > other.second.sessions;
    });
    ordered_json result = ordered_json::array();
    std::for_each(hosts.begin(), end, [&](const auto& each) {
        result.push_back({{"host", each.first.text()},
                          {"sessions", each.second.sessions},
                          {"ports", each.second.ports},
                          {"refused", each.second.refused}});
    });
    return result;
}

ordered_json ports_json(const Census& census) {
    ordered_json result = ordered_json::array();
    for (const auto& [space, use] : census.ports) {
        result.push_back({{"address", space.address.text()},
                          {"protocol", conntrack::protocol_name(space.protocol)},
                          {"ports", use.allowed},
                          {"used", use.used},
                          {"mappings", use.mappings}});
    }
    return result;
}

}  // namespace

Observer::Observer()
    : overview_(read_overview, overview_age, overview_rest),
      census_(read_census, census_age, census_rest) {
    daemon_.started = std::chrono::system_clock::now();
}

void Observer::note_reload(bool done) {
    const std::scoped_lock lock(mutex_);
    ++(done ? daemon_.reloads : daemon_.refused_reloads);
}

bool Observer::sample() {
    const auto overview = overview_.get();
    const std::scoped_lock lock(mutex_);
    return history_.add(*overview, std::chrono::system_clock::now());
}

std::string Observer::metrics() {
    const auto overview = overview_.get();
    const auto census = census_.get();
    DaemonCounts daemon;
    {
        const std::scoped_lock lock(mutex_);
        daemon = daemon_;
    }
    return metrics_text(*overview, *census, daemon);
}

std::string Observer::status_json() {
    const auto overview = overview_.get();
    const auto census = census_.get();
    ordered_json result = ctgate::status_json(overview->state);
    result["hosts"] = top_hosts(*census);
    result["host_count"] = census->hosts.size();
    result["sessions_by_protocol"] = census->sessions;
    result["ports"] = ports_json(*census);
    {
        const std::scoped_lock lock(mutex_);
        const auto age = std::chrono::system_clock::now() - daemon_.started;
        result["uptime_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(age).count();
        result["history"] = history_.json();
    }
    // Names of interfaces may be any bytes; JSON may not.
    return result.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string Observer::complaint() {
    const auto overview = overview_.get();
    const Verdict verdict = judge(overview->state);
    if (verdict.status == exit_success) {
        return "";
    }
    std::string result = verdict.sentence;
    if (overview->state && !overview->state->faults.empty()) {
        result += fmt::format(": {}", fmt::join(overview->state->faults, "; "));
    }
    return result;
}

}  // namespace ctgate

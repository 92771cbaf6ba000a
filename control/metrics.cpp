// SPDX-License-Identifier: GPL-2.0-only
#include "control/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "control/conntrack_names.hpp"
#include "control/option_values.hpp"
#include "control/status_json.hpp"

namespace ctgate {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Families {
  public:
    // Those that follow belong to it.
    void begin(MetricType type, std::string name, std::string help) {
        families_.push_back({std::move(name), std::move(help), type, {}});
    }
    template <typename Number>
    void add(Number number, Labels labels = {}) {
        const auto value = static_cast<double>(number);
        ClientMetric metric;
        metric.label = std::move(labels);
        if (families_.back().type == MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
        families_.back().metric.push_back(std::move(metric));
    }
    template <typename Number>
    void gauge(const char* name, const char* help, Number value, Labels labels = {}) {
        begin(MetricType::Gauge, name, help);
        add(value, std::move(labels));
    }
    // A family of which nothing is known must not be there at all.
    std::string text() {
        std::erase_if(families_, [](const MetricFamily& each) { return each.metric.empty(); });
        return prometheus::TextSerializer().Serialize(families_);
    }

  private:
    std::vector<MetricFamily> families_;
};

// Labels are UTF-8; names of interfaces may be any bytes.
std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

std::string reason_of(std::string_view name) {
    constexpr std::string_view prefix = "drop_";
    return std::string(name.starts_with(prefix) ? name.substr(prefix.size()) : name);
}

void add_counters(const Counters& values, Families& out) {
    for (const CounterRow& each : values.counters) {
        out.begin(MetricType::Counter, std::string("ctgate_") + each.name + "_total",
                  std::string(each.text));
        out.add(each.value.value_or(0));
    }
    out.begin(MetricType::Counter, "ctgate_drops_total", "packets dropped, by reason");
    for (const CounterRow& each : values.drops) {
        if (each.value) {
            out.add(*each.value, {{"reason", reason_of(each.name)}});
        }
    }
}

void add_traffic(const Overview& overview, Families& out) {
    struct Column {
        const char* name;
        const char* help;
        std::uint64_t LinkTraffic::*value;
    };
    constexpr Column columns[] = {
        {"ctgate_interface_receive_bytes_total", "bytes that an interface received",
         &LinkTraffic::received_bytes},
        {"ctgate_interface_receive_packets_total", "packets that an interface received",
         &LinkTraffic::received_packets},
        {"ctgate_interface_transmit_bytes_total", "bytes that an interface sent",
         &LinkTraffic::sent_bytes},
        {"ctgate_interface_transmit_packets_total", "packets that an interface sent",
         &LinkTraffic::sent_packets}};
    for (const Column& column : columns) {
        out.begin(MetricType::Counter, column.name, column.help);
        for (const InterfaceState& each : overview.state->interfaces) {
            const auto found = overview.traffic.find(each.name);
            if (found != overview.traffic.end()) {
                out.add(found->second.*column.value,
                        {{"interface", printable(each.name)}, {"side", each.side}});
            }
        }
    }
}

void add_repairs(const Serving& serving, Families& out) {
    out.begin(MetricType::Counter, "ctgate_repairs_total",
              "times that something of ctgate was removed or changed by others, and put back");
    for (const char* name : repair_names) {
        const auto found = serving.repairs.find(name);
        out.add(found == serving.repairs.end() ? 0 : found->second, {{"what", name}});
    }
}

void add_state(const GatewayState& state, Families& out) {
    out.gauge("ctgate_serving",
              "1 when the gateway serves as configured, 0 when something is amiss",
              judge(state).status == exit_success ? 1 : 0);
    out.gauge("ctgate_faults", "faults that 'ctgate status' names", state.faults.size());
    out.gauge("ctgate_warnings", "warnings that 'ctgate status' names", state.warnings.size());
    out.begin(MetricType::Gauge, "ctgate_interface_attached",
              "1 when the program is attached to the interface, else 0");
    for (const InterfaceState& each : state.interfaces) {
        out.add(each.attached ? 1 : 0, {{"interface", printable(each.name)}, {"side", each.side}});
    }
    out.gauge("ctgate_conntrack_entries", "entries of the kernel's connection tracking table",
              state.sessions);
    out.gauge("ctgate_conntrack_entries_limit", "entries that it may have", state.session_limit);
    const Serving::ShortPath& path = state.serving.short_path;
    out.gauge("ctgate_fast_path_info", "how established sessions are forwarded", 1,
              {{"mode", std::string(text(path.mode))}});
    out.gauge("ctgate_session_cache_records_limit",
              "records that the cache of the short path holds at most", 2 * path.sessions);
    out.gauge("ctgate_session_cache_bytes", "kernel memory of that cache", path.bytes);
}

void add_census(const Census& census, Families& out) {
    out.begin(MetricType::Gauge, "ctgate_sessions", "translated sessions, by protocol");
    for (const auto& [protocol, count] : census.sessions) {
        out.add(count, {{"protocol", protocol}});
    }
    out.gauge("ctgate_hosts", "internal hosts that have sessions or external ports",
              std::count_if(census.hosts.begin(), census.hosts.end(), [](const auto& each) {
                  return each.second.sessions != 0 || each.second.ports != 0;
              }));
    out.gauge("ctgate_session_cache_records",
              "records in the cache of the short path, two for a session", census.cache_records);
    struct Column {
        const char* name;
        const char* help;
        std::uint64_t SpaceUse::*value;
    };
    constexpr Column columns[] = {
        {"ctgate_external_ports", "external ports that may be given out", &SpaceUse::allowed},
        {"ctgate_external_ports_used", "those of them that are in use", &SpaceUse::used},
        {"ctgate_mappings", "endpoint-independent mappings", &SpaceUse::mappings}};
    for (const Column& column : columns) {
        out.begin(MetricType::Gauge, column.name, column.help);
        for (const auto& [space, use] : census.ports) {
            out.add(use.*column.value, {{"address", space.address.text()},
                                        {"protocol", conntrack::protocol_name(space.protocol)}});
        }
    }
}

void add_daemon(const DaemonCounts& daemon, Families& out) {
    out.gauge("ctgate_build_info", "version of the daemon", 1, {{"version", CTGATE_VERSION}});
    const std::chrono::duration<double> started = daemon.started.time_since_epoch();
    out.gauge("ctgate_start_time_seconds", "when the daemon started, in seconds since 1970",
              started.count());
    out.begin(MetricType::Counter, "ctgate_reloads_total",
              "reloads of the configuration, done or refused");
    out.add(daemon.reloads, {{"result", "done"}});
    out.add(daemon.refused_reloads, {{"result", "refused"}});
}

}  // namespace

std::string metrics_text(const Overview& overview, const Census& census,
                         const DaemonCounts& daemon) {
    Families out;
    add_daemon(daemon, out);
    if (overview.state) {
        add_state(*overview.state, out);
        add_repairs(overview.state->serving, out);
        add_traffic(overview, out);
        add_census(census, out);
    }
    if (overview.counters) {
        add_counters(*overview.counters, out);
    }
    return out.text();
}

}  // namespace ctgate

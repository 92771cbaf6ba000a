// SPDX-License-Identifier: GPL-2.0-only
#include "control/history.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "ctgate/counters.h"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

constexpr const char* reasons[] = {
#define CTGATE_NAME(id, name, text) name,
    CTGATE_DROP_REASONS(CTGATE_NAME) CTGATE_GUARD_REASONS(CTGATE_NAME)
#undef CTGATE_NAME
};

std::uint64_t value_of(const Counters& values, std::string_view name) {
    const auto found = std::find_if(values.counters.begin(), values.counters.end(),
                                    [&](const CounterRow& each) { return each.name == name; });
    return found == values.counters.end() ? 0 : found->value.value_or(0);
}

// One value of each sample.
template <typename Samples, typename Value>
ordered_json column(const Samples& samples, Value value) {
    ordered_json result = ordered_json::array();
    for (const auto& each : samples) {
        result.push_back(value(each));
    }
    return result;
}

}  // namespace

bool History::add(const Overview& overview, std::chrono::system_clock::time_point when) {
    if (!overview.state || !overview.counters) {
        return false;
    }
    Sample sample;
    sample.time = std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
    sample.sessions = overview.state->sessions;
    for (const InterfaceState& each : overview.state->interfaces) {
        const auto traffic = overview.traffic.find(each.name);
        if (each.side == "external" && traffic != overview.traffic.end()) {
            sample.received_bytes += traffic->second.received_bytes;
            sample.sent_bytes += traffic->second.sent_bytes;
        }
    }
    const Counters& values = *overview.counters;
    sample.packets = value_of(values, "internal_packets") + value_of(values, "external_packets");
    sample.short_path_packets = value_of(values, "short_path");
    for (const CounterRow& each : values.drops) {
        sample.drops.push_back(each.value.value_or(0));
    }
    samples_.push_back(std::move(sample));
    if (samples_.size() > most) {
        samples_.pop_front();
    }
    return true;
}

ordered_json History::json() const {
    const auto of = [&](auto Sample::*member) {
        return column(samples_, [=](const Sample& each) { return each.*member; });
    };
    ordered_json drops = ordered_json::object();
    for (std::size_t i = 0; i < std::size(reasons) && !samples_.empty(); ++i) {
        if (samples_.back().drops[i] != 0) {
            drops[reasons[i]] = column(samples_, [=](const Sample& each) { return each.drops[i]; });
        }
    }
    return {{"interval_seconds", interval.count()},
            {"time", of(&Sample::time)},
            {"sessions", of(&Sample::sessions)},
            {"received_bytes", of(&Sample::received_bytes)},
            {"sent_bytes", of(&Sample::sent_bytes)},
            {"packets", of(&Sample::packets)},
            {"short_path_packets", of(&Sample::short_path_packets)},
            {"drops", drops}};
}

}  // namespace ctgate

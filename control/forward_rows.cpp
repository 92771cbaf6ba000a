// SPDX-License-Identifier: GPL-2.0-only
// ctgate forward list
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/forward.hpp"
#include "control/option_values.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

const char* origin(const ForwardOption& option) {
    return option.number != 0 ? "run-time" : "configured";
}

std::vector<std::string> protocols(const ForwardOption& option) {
    std::vector<std::string> result;
    if (option.tcp) {
        result.emplace_back("tcp");
    }
    if (option.udp) {
        result.emplace_back("udp");
    }
    return result;
}

std::vector<std::string> texts(const std::vector<IpPrefix>& prefixes) {
    std::vector<std::string> result(prefixes.size());
    std::transform(prefixes.begin(), prefixes.end(), result.begin(),
                   [](const IpPrefix& each) { return each.text(); });
    return result;
}

int internal_high(const ForwardOption& option) {
    return option.internal_low + option.high - option.low;
}

std::string ends(const std::string& address, int low, int high) {
    return low == high ? fmt::format("{}:{}", address, low)
                       : fmt::format("{}:{}-{}", address, low, high);
}

bool is_open(const ForwardOption& option, IpAddress address, const Forwards& in_force) {
    const auto leads = [&](std::uint8_t protocol) {
        const auto found = in_force.find({address, protocol});
        if (found == in_force.end()) {
            return false;
        }
        unsigned count = 0;
        for (unsigned port = option.low; port <= option.high; ++port) {
            count += found->second.contains(static_cast<std::uint16_t>(port)) ? 1U : 0U;
        }
        return count == option.high - option.low + 1U;
    };
    return (!option.tcp || leads(IPPROTO_TCP)) && (!option.udp || leads(IPPROTO_UDP));
}

constexpr const char* row = "{:<8} {:<27} {:<27} {:<5} {:<11} {}{}\n";

std::string remotes(const ForwardOption& option) {
    std::vector<std::string> result;
    for (const std::string& each : texts(option.from)) {
        result.push_back("from " + each);
    }
    for (const std::string& each : texts(option.not_from)) {
        result.push_back("not from " + each);
    }
    return result.empty() ? "all" : fmt::format("{}", fmt::join(result, ", "));
}

// A column of its own, where sessions were counted.
template <typename Value>
std::string sessions_column(bool counted, const Value& value) {
    return counted ? fmt::format("{:>8} ", value) : "";
}

void print_line(const ForwardOption& option, const std::string& external, bool open,
                const std::string& sessions) {
    fmt::print(row, fmt::format("{}", fmt::join(protocols(option), "+")),
               ends(external, option.low, option.high),
               ends(option.internal.text(), option.internal_low, internal_high(option)),
               open ? "yes" : "no", origin(option), sessions, remotes(option));
}

ordered_json to_json(const ForwardRow& each, bool counted) {
    const ForwardOption& option = each.option;
    const auto end = [](const ordered_json& address, int low, int high) {
        return ordered_json{{"address", address}, {"ports", {{"low", low}, {"high", high}}}};
    };
    ordered_json open_at = ordered_json::array();
    std::uint64_t sessions = 0;
    for (const ForwardRow::Place& place : each.places) {
        sessions += place.sessions;
        if (place.open) {
            open_at.push_back(place.address.text());
        }
    }
    ordered_json json = {
        {"forward", text(option)},
        {"origin", origin(option)},
        {"protocols", protocols(option)},
        {"external", end(option.external ? ordered_json(option.external->text()) : nullptr,
                         option.low, option.high)},
        {"internal", end(option.internal.text(), option.internal_low, internal_high(option))},
        {"from", texts(option.from)},
        {"not_from", texts(option.not_from)},
        {"open_at", open_at}};
    if (counted) {
        json["sessions"] = sessions;
    }
    return json;
}

void print(const std::vector<ForwardRow>& rows, bool json, bool counted) {
    if (json) {
        ordered_json document = ordered_json::array();
        for (const ForwardRow& each : rows) {
            document.push_back(to_json(each, counted));
        }
        fmt::print("{}\n", document.dump(2));
        return;
    }
    fmt::print(row, "PROTOCOL", "EXTERNAL", "INTERNAL", "OPEN", "ORIGIN",
               sessions_column(counted, "SESSIONS"), "REMOTES");
    for (const ForwardRow& each : rows) {
        if (each.places.empty()) {
            print_line(each.option, each.option.external ? each.option.external->text() : "*",
                       false, sessions_column(counted, 0));
        }
        for (const ForwardRow::Place& place : each.places) {
            print_line(each.option, place.address.text(), place.open,
                       sessions_column(counted, place.sessions));
        }
    }
}

}  // namespace

std::vector<ForwardRow> forward_rows(const std::vector<ForwardOption>& forwards,
                                     const Serving& serving, const Forwards& in_force) {
    std::vector<ForwardRow> rows;
    for (const ForwardOption& option : forwards) {
        ForwardRow fresh{option, {}};
        for (const IpAddress address : serving.addresses()) {
            if (!option.external || *option.external == address) {
                fresh.places.push_back({address, is_open(option, address, in_force)});
            }
        }
        rows.push_back(std::move(fresh));
    }
    return rows;
}

void print_forwards(const std::vector<ForwardRow>& rows, bool json) {
    print(rows, json, false);
}

void print_counted_forwards(const std::vector<ForwardRow>& rows, bool json) {
    print(rows, json, true);
}

}  // namespace ctgate

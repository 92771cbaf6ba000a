// SPDX-License-Identifier: GPL-2.0-only
// OptionDraft: the checks that no single value can fail.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <unordered_set>

#include "control/option_draft.hpp"

namespace ctgate {
namespace {

template <typename Value>
std::vector<std::string> texts(const std::vector<Value>& values) {
    std::vector<std::string> result(values.size());
    std::transform(values.begin(), values.end(), result.begin(),
                   [](const Value& value) { return text(value); });
    return result;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string owner_of(const PortRangeOption& range) {
    return range.address ? range.address->text() : "the addresses without ranges of their own";
}

}  // namespace

void OptionDraft::check() {
    check_sides();
    check_moves();
    check_duplicates();
    check_external_addresses();
    check_address_counts();
    check_port_ranges();
    check_port_set();
    check_blocks();
    check_behaviour();
    check_hosts();
    check_forwards();
    check_one_to_one();
    check_timeouts();
}

void OptionDraft::require(const char* name, const char* remedy) {
    if (!given_.contains(name)) {
        problem(fmt::format("--{} is missing; {}", name, remedy));
    }
}

const std::string& OptionDraft::label(const char* name, std::size_t index) const {
    return labels_.at(name).at(index);
}

void OptionDraft::check_sides() {
    require("internal", "name the interface of the hosts to be served, as in --internal lan0");
    require("external", "name the interface towards the outside, as in --external wan0");
    const std::unordered_set<std::string> internal(config_.internal.begin(),
                                                   config_.internal.end());
    for (std::size_t i = 0; i < config_.external.size(); ++i) {
        if (internal.contains(config_.external[i])) {
            problem(fmt::format("{} {} is an internal interface too; keep it on one side",
                                label("external", i), quote(config_.external[i])));
        }
    }
    const std::size_t count = config_.internal.size() + config_.external.size();
    if (count > CTGATE_MAX_INTERFACES) {
        problem(
            fmt::format("--internal and --external name {} interfaces; at most {} can be "
                        "served, so bridge some",
                        count, CTGATE_MAX_INTERFACES));
    }
}

void OptionDraft::check_moves() {
    if (!given_.contains("netns") && !config_.move.empty()) {
        problem(fmt::format("{} {} needs --netns NAME, the network namespace to move it to",
                            label("move", 0), quote(config_.move[0])));
    }
}

void OptionDraft::check_duplicates() {
    refuse_duplicates("internal", config_.internal);
    refuse_duplicates("external", config_.external);
    refuse_duplicates("move", config_.move);
    refuse_duplicates("address", texts(config_.addresses));
    std::vector<std::string> untranslated;
    for (const IpPrefix& prefix : config_.no_nat) {
        untranslated.push_back(prefix.text());
    }
    refuse_duplicates("no-nat", untranslated);
    std::vector<std::string> destinations;
    for (const RouteOption& route : config_.routes) {
        destinations.push_back(route.destination.text());
    }
    refuse_duplicates("route", destinations);
    std::vector<std::string> addresses;
    for (const ExternalAddressOption& option : config_.external_addresses) {
        addresses.push_back(option.address.text());
    }
    refuse_duplicates("external-address", addresses);
}

void OptionDraft::refuse_duplicates(const char* name, const std::vector<std::string>& values) {
    std::unordered_set<std::string> before;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!before.insert(values[i]).second) {
            problem(
                fmt::format("{} {} is given twice; keep one", label(name, i), quote(values[i])));
        }
    }
}

void OptionDraft::check_external_addresses() {
    for (std::size_t i = 0; i < config_.external_addresses.size(); ++i) {
        const ExternalAddressOption& option = config_.external_addresses[i];
        if (!option.interface.empty() && !contains(config_.external, option.interface)) {
            problem(fmt::format(
                "{} {} is for an interface that is not external; add "
                "--external {}",
                label("external-address", i), quote(text(option)), quote(option.interface)));
        }
    }
}

void OptionDraft::check_address_counts() {
    std::map<std::string, unsigned> counts;
    for (const ExternalAddressOption& option : config_.external_addresses) {
        const bool only = option.interface.empty() && config_.external.size() == 1;
        ++counts[only ? config_.external[0] : option.interface];
    }
    for (const auto& [interface, count] : counts) {
        if (!interface.empty() && count > CTGATE_MAX_EXTERNAL_ADDRESSES) {
            problem(
                fmt::format("--external-address gives interface {} {} addresses; it can have "
                            "at most {}",
                            quote(interface), count, CTGATE_MAX_EXTERNAL_ADDRESSES));
        }
    }
}

// Sorted by address and first port, a range that overlaps any before it overlaps the one of those
// that reaches farthest.
void OptionDraft::check_port_ranges() {
    const std::vector<PortRangeOption>& ranges = config_.port_ranges;
    std::vector<std::size_t> order(ranges.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::pair(ranges[a].address, ranges[a].low) <
               std::pair(ranges[b].address, ranges[b].low);
    });
    std::size_t count = 0;
    std::size_t farthest = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const PortRangeOption& range = ranges[order[i]];
        if (i == 0 || ranges[order[i - 1]].address != range.address) {
            count = 0;
            farthest = order[i];
        } else if (range.low <= ranges[farthest].high) {
            const auto [first, second] = std::minmax(order[i], farthest);
            problem(fmt::format("{} {} overlaps {}; make the ranges disjoint",
                                label("port-range", second), quote(text(ranges[second])),
                                quote(text(ranges[first]))));
        }
        if (range.high > ranges[farthest].high) {
            farthest = order[i];
        }
        if (++count == CTGATE_MAX_PORT_RANGES + 1) {
            problem(fmt::format("--port-range gives {} more than {} ranges; join some",
                                owner_of(range), CTGATE_MAX_PORT_RANGES));
        }
    }
}

}  // namespace ctgate

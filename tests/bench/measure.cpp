// SPDX-License-Identifier: GPL-2.0-only
#include "bench/measure.hpp"

#include <fmt/core.h>

#include <optional>

namespace ctgate::bench {
namespace {

// Of medians; nullopt when one of them did not take part.
std::optional<double> ratio(const Measure& measure, Kind above, Kind below) {
    const Series* one = find(measure.series, name(above));
    const Series* other = find(measure.series, name(below));
    if (one == nullptr || other == nullptr) {
        return std::nullopt;
    }
    return one->median() / other->median();
}

}  // namespace

void compare(Measure& measure, Kind subject, Kind rival, double at_least) {
    if (const auto value = ratio(measure, subject, rival)) {
        measure.goals.push_back(
            {fmt::format("{} over {}", name(subject), name(rival)), *value, at_least, true});
    }
}

void compare_cost(Measure& measure, Kind subject, Kind rival, double at_most) {
    if (const auto value = ratio(measure, rival, subject)) {
        measure.goals.push_back({fmt::format("cost of {} over {}", name(subject), name(rival)),
                                 *value, at_most, false});
    }
}

void compare_less(Measure& measure, Kind subject, Kind rival, double at_most) {
    if (const auto value = ratio(measure, subject, rival)) {
        measure.goals.push_back(
            {fmt::format("{} over {}", name(subject), name(rival)), *value, at_most, false});
    }
}

std::vector<Kind> available(const Setup& setup, std::vector<Kind> wanted) {
    if (!setup.xdp) {
        std::erase(wanted, Kind::ctgate_xdp);
    }
    if (!setup.flowtable) {
        std::erase(wanted, Kind::flowtable);
    }
    return wanted;
}

}  // namespace ctgate::bench

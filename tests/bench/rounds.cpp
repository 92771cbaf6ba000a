// SPDX-License-Identifier: GPL-2.0-only
#include "bench/rounds.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace ctgate::bench {
namespace {

using namespace std::chrono_literals;

double quantile(std::vector<double> values, double part) {
    if (values.empty()) {
        return std::nan("");
    }
    std::sort(values.begin(), values.end());
    const double at = part * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const auto above = std::min(below + 1, values.size() - 1);
    return std::lerp(values[below], values[above], at - static_cast<double>(below));
}

}  // namespace

double Series::median() const {
    return quantile(values, 0.5);
}

double Series::spread() const {
    return (quantile(values, 0.75) - quantile(values, 0.25)) / median();
}

std::vector<std::vector<Series>> alternate(const std::vector<Contender>& contenders,
                                           unsigned rounds, const Interrupts& interrupts) {
    std::vector<std::vector<Series>> result;
    for (unsigned round = 0; round <= rounds; ++round) {
        for (std::size_t i = 0; i < contenders.size(); ++i) {
            interrupts.sleep(0ms);
            const std::vector<double> values = contenders[i].once();
            if (result.empty()) {
                result.resize(values.size(), std::vector<Series>(contenders.size()));
            }
            for (std::size_t each = 0; each < values.size(); ++each) {
                Series& series = result[each][i];
                series.subject = contenders[i].subject;
                if (round > 0) {
                    series.values.push_back(values[each]);
                }
            }
        }
    }
    return result;
}

const Series* find(const std::vector<Series>& all, std::string_view subject) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Series& each) { return each.subject == subject; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace ctgate::bench

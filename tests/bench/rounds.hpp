// SPDX-License-Identifier: GPL-2.0-only
// Contenders take turns, A B C A B C ..., so that whatever else the machine does hits them all.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/process.hpp"

namespace ctgate::bench {

struct Series {
    std::string subject;
    std::vector<double> values;  // one a round

    double median() const;
    // How far apart the middle half of the values is, of the median.
    double spread() const;
};

struct Contender {
    std::string subject;
    std::function<std::vector<double>()> once;  // as many values as are measured at a time
};

// One list of series for each value that the contenders measure at a time; the round before the
// first one, which warms caches, is not in them.
std::vector<std::vector<Series>> alternate(const std::vector<Contender>& contenders,
                                           unsigned rounds, const Interrupts& interrupts);

// That of this name; nullptr: it did not take part.
const Series* find(const std::vector<Series>& all, std::string_view subject);

}  // namespace ctgate::bench

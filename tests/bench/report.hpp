// SPDX-License-Identifier: GPL-2.0-only
// What was measured, as a table, as JSON and as a chart.
#pragma once

#include <string>
#include <vector>

#include "bench/measure.hpp"

namespace ctgate::bench {

class Report {
  public:
    // Prints it, too.
    void add(const Measure& measure);
    void failed(std::string_view measurement, const std::string& why);

    // Prints what was reached and whether to believe it.
    void finish() const;
    bool complete() const { return failures_.empty(); }

    void write_json(const std::string& path) const;
    void write_svg(const std::string& path) const;

  private:
    bool noisy() const;

    std::vector<Measure> measures_;
    std::vector<std::string> failures_;
};

// Of the machine: kernel, processor, date, in one line each.
std::string kernel();
std::string processor();
std::string date();

// The two packet rates by subject, as bars.
std::string chart(const std::vector<Measure>& measures);

}  // namespace ctgate::bench

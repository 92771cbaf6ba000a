// SPDX-License-Identifier: GPL-2.0-only
#include "bench/report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

namespace ctgate::bench {
namespace {

using nlohmann::ordered_json;

// Of the middle half of a series around its median: beyond that, somebody else had the machine.
constexpr double too_far_apart = 0.10;

std::string number(double value) {
    return value < 1000 ? fmt::format("{:.3g}", value) : fmt::format("{:.0f}", value);
}

std::string verdict(const Goal& goal) {
    return fmt::format("{:.2f}, {} {}: {}", goal.value, goal.at_least ? "at least" : "at most",
                       goal.bound, goal.reached() ? "reached" : "MISSED");
}

void print(const Measure& measure) {
    fmt::print("\n{:<44} {:>14} {:>9}\n", measure.title, measure.unit, "spread");
    for (const Series& each : measure.series) {
        fmt::print("  {:<42} {:>14} {:>8.1f}%\n", each.subject, number(each.median()),
                   100 * each.spread());
    }
    for (const Goal& goal : measure.goals) {
        fmt::print("  {:<42} {}\n", goal.text, verdict(goal));
    }
    for (const std::string& note : measure.notes) {
        fmt::print("  ({})\n", note);
    }
    std::fflush(stdout);
}

ordered_json to_json(const Measure& measure) {
    ordered_json series = ordered_json::array();
    for (const Series& each : measure.series) {
        series.push_back({{"subject", each.subject},
                          {"median", each.median()},
                          {"spread", each.spread()},
                          {"values", each.values}});
    }
    ordered_json goals = ordered_json::array();
    for (const Goal& goal : measure.goals) {
        goals.push_back({{"text", goal.text},
                         {"value", goal.value},
                         {goal.at_least ? "at_least" : "at_most", goal.bound},
                         {"reached", goal.reached()}});
    }
    return {{"title", measure.title},
            {"unit", measure.unit},
            {"series", series},
            {"goals", goals},
            {"notes", measure.notes}};
}

void write(const std::string& path, const std::string& contents) {
    std::ofstream file(path);
    file << contents;
    file.close();
    if (!file) {
        throw std::system_error(errno, std::generic_category(),
                                fmt::format("Cannot write {}", path));
    }
}

}  // namespace

void Report::add(const Measure& measure) {
    measures_.push_back(measure);
    print(measure);
}

void Report::failed(std::string_view measurement, const std::string& why) {
    failures_.push_back(fmt::format("{}: {}", measurement, why));
    fmt::print("\nnot measured: {}\n", failures_.back());
    std::fflush(stdout);
}

bool Report::noisy() const {
    return std::any_of(measures_.begin(), measures_.end(), [](const Measure& measure) {
        return std::any_of(measure.series.begin(), measure.series.end(),
                           [](const Series& each) { return each.spread() > too_far_apart; });
    });
}

void Report::finish() const {
    std::size_t goals = 0;
    std::size_t reached = 0;
    for (const Measure& measure : measures_) {
        goals += measure.goals.size();
        reached += static_cast<std::size_t>(
            std::count_if(measure.goals.begin(), measure.goals.end(),
                          [](const Goal& goal) { return goal.reached(); }));
    }
    fmt::print("\n{}; {}; {}\n", kernel(), processor(), date());
    fmt::print("{} of {} goals reached; {} measurements could not be made.\n", reached, goals,
               failures_.size());
    if (noisy()) {
        fmt::print(
            "The machine was too busy to trust all of it: where the spread (the middle half of "
            "the\n"
            "rounds) is above {:.0f} %, measure again when nothing else runs.\n",
            100 * too_far_apart);
    }
}

void Report::write_json(const std::string& path) const {
    ordered_json measures = ordered_json::array();
    for (const Measure& measure : measures_) {
        measures.push_back(to_json(measure));
    }
    const ordered_json document = {{"kernel", kernel()},       {"processor", processor()},
                                   {"date", date()},           {"version", CTGATE_VERSION},
                                   {"too_noisy", noisy()},     {"measures", measures},
                                   {"not_measured", failures_}};
    write(path, document.dump(2) + "\n");
}

void Report::write_svg(const std::string& path) const {
    write(path, chart(measures_));
}

}  // namespace ctgate::bench

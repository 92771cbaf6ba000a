// SPDX-License-Identifier: GPL-2.0-only
// What is measured, and how it compares with what was aimed at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/rounds.hpp"
#include "bench/setup.hpp"
#include "bench/subject.hpp"

namespace ctgate::bench {

struct Goal {
    std::string text;
    double value = 0;
    double bound = 0;
    bool at_least = true;  // else: at most

    bool reached() const { return at_least ? value >= bound : value <= bound; }
};

struct Measure {
    std::string title;
    std::string unit;
    std::vector<Series> series;
    std::vector<Goal> goals;
    std::vector<std::string> notes;
};

// Each adds a goal by the medians of two subjects, if both took part. Of what is the better the
// more it is, packets a second for example: the subject's over the rival's.
void compare(Measure& measure, Kind subject, Kind rival, double at_least);
// The same turned round: what the subject costs over what the rival costs.
void compare_cost(Measure& measure, Kind subject, Kind rival, double at_most);
// Of what is the better the less it is.
void compare_less(Measure& measure, Kind subject, Kind rival, double at_most);

// The subjects of `wanted` that can take part.
std::vector<Kind> available(const Setup& setup, std::vector<Kind> wanted);

enum class When { always, full, named };  // in each run; in that without --quick; with --only

// One entry of the table of measurements.
struct Measurement {
    std::string_view name;
    std::string_view explanation;
    When when;
    std::vector<Measure> (*run)(const Setup& setup);
};

std::vector<Measure> measure_forwarding(const Setup& setup);
std::vector<Measure> measure_sessions(const Setup& setup);
std::vector<Measure> measure_new_sessions(const Setup& setup);
std::vector<Measure> measure_connections(const Setup& setup);
std::vector<Measure> measure_throughput(const Setup& setup);
std::vector<Measure> measure_latency(const Setup& setup);
std::vector<Measure> measure_two_cores(const Setup& setup);
std::vector<Measure> measure_memory(const Setup& setup);
std::vector<Measure> measure_instructions(const Setup& setup);
std::vector<Measure> measure_session_instructions(const Setup& setup);

}  // namespace ctgate::bench

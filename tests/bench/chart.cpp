// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/core.h>

#include <algorithm>

#include "bench/report.hpp"

namespace ctgate::bench {
namespace {

constexpr int width = 720;
constexpr int label_width = 150;
constexpr int bar_height = 18;
constexpr int bar_distance = 24;
constexpr int heading_height = 36;
constexpr int value_width = 100;
constexpr double per_million = 1e6;

std::string bar(const Series& series, double most, int y) {
    const double length = series.median() / most * (width - label_width - value_width);
    const bool ours = series.subject.starts_with("ctgate");
    return fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n"
        "<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>\n"
        "<text x=\"{:.1f}\" y=\"{}\">{:.2f} M/s</text>\n",
        label_width - 8, y + bar_height - 5, series.subject, label_width, y, length, bar_height,
        ours ? "#2a6fb0" : "#9aa5b1", label_width + length + 6, y + bar_height - 5,
        series.median() / per_million);
}

double largest(const Measure& measure) {
    double most = 0;
    for (const Series& series : measure.series) {
        most = std::max(most, series.median());
    }
    return most;
}

bool is_drawn(const Measure& measure) {
    return measure.unit == "packets/s" && find(measure.series, name(Kind::tc_floor)) != nullptr;
}

}  // namespace

std::string chart(const std::vector<Measure>& measures) {
    std::string body;
    int y = 0;
    for (const Measure& measure : measures) {
        if (!is_drawn(measure)) {
            continue;
        }
        body += fmt::format("<text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}, one core</text>\n",
                            label_width, y + heading_height - 14, measure.title);
        y += heading_height;
        for (const Series& series : measure.series) {
            body += bar(series, largest(measure), y);
            y += bar_distance;
        }
    }
    body += fmt::format("<text x=\"{}\" y=\"{}\" fill=\"#666\">{}, {}</text>\n", label_width,
                        y + heading_height - 14, kernel(), date());
    y += heading_height;
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"13\">\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n{2}</svg>\n",
        width, y, body);
}

}  // namespace ctgate::bench

// SPDX-License-Identifier: GPL-2.0-only
#include "control/selftest_report.hpp"

#include <cstdio>

namespace ctgate::selftest {

std::string_view text(Result result) {
    switch (result) {
        case Result::pass:
            return "pass";
        case Result::fail:
            return "FAIL";
        case Result::not_applicable:
            return "n/a";
    }
    return "";
}

std::string line(const Requirement& requirement, const Finding& finding) {
    return fmt::format("{:<5} {:<20}  {}: {}", text(finding.result), requirement.rfc,
                       requirement.sentence, finding.observed);
}

void Report::add(const Requirement& requirement, const Finding& finding) {
    switch (finding.result) {
        case Result::pass:
            ++passed_;
            break;
        case Result::fail:
            ++failed_;
            break;
        case Result::not_applicable:
            ++not_applicable_;
            break;
    }
    if (json_) {
        array_.push_back(
            {{"id", requirement.id},
             {"rfc", requirement.rfc},
             {"requirement", requirement.sentence},
             {"result", finding.result == Result::fail ? "fail" : text(finding.result)},
             {"observed", finding.observed}});
        return;
    }
    fmt::print("{}\n", line(requirement, finding));
    std::fflush(stdout);
}

bool Report::finish(const std::string& subject) {
    if (json_) {
        fmt::print("{}\n", array_.dump(2));
    } else {
        fmt::print("\n{}: {} pass, {} FAIL, {} n/a\n", subject, passed_, failed_, not_applicable_);
    }
    return failed_ == 0;
}

}  // namespace ctgate::selftest

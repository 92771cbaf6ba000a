// SPDX-License-Identifier: GPL-2.0-only
// The selftest: a table of requirements, each with the function that sends packets through the NAT
// under test and says what came out. What they have in common is in selftest_bench.hpp.
#pragma once

#include <fmt/core.h>

#include <span>
#include <string>
#include <utility>

namespace ctgate::selftest {

class Bench;

enum class Result { pass, fail, not_applicable };
std::string_view text(Result result);  // "pass", "FAIL", "n/a"

struct Finding {
    Result result = Result::fail;
    std::string observed;  // behind a colon, without a full stop
};

template <typename... Args>
Finding pass(fmt::format_string<Args...> format, Args&&... args) {
    return {Result::pass, fmt::format(format, std::forward<Args>(args)...)};
}
template <typename... Args>
Finding fail(fmt::format_string<Args...> format, Args&&... args) {
    return {Result::fail, fmt::format(format, std::forward<Args>(args)...)};
}
template <typename... Args>
Finding not_applicable(fmt::format_string<Args...> format, Args&&... args) {
    return {Result::not_applicable, fmt::format(format, std::forward<Args>(args)...)};
}

struct Requirement {
    const char* id;
    const char* rfc;
    const char* sentence;  // what holds when it passes
    Finding (*check)(Bench& bench);
};

// selftest_table.cpp, in the order in which they are run.
std::span<const Requirement> requirements();

}  // namespace ctgate::selftest

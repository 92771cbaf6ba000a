// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/chrono.h>
#include <fmt/core.h>
#include <sys/utsname.h>

#include <ctime>
#include <fstream>

#include "bench/core.hpp"
#include "bench/report.hpp"

namespace ctgate::bench {

std::string kernel() {
    utsname name{};
    ::uname(&name);
    return fmt::format("{} {}", name.sysname, name.release);
}

std::string processor() {
    std::ifstream file("/proc/cpuinfo");
    std::string model = "unknown processor";
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("model name")) {
            model = line.substr(line.find(": ") + 2);
            break;
        }
    }
    return fmt::format("{}, {} cores", model, cores().size());
}

std::string date() {
    return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace ctgate::bench

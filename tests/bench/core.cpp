// SPDX-License-Identifier: GPL-2.0-only
#include "bench/core.hpp"

#include <fmt/core.h>
#include <sys/resource.h>

#include <cerrno>
#include <system_error>

namespace ctgate::bench {
namespace {

constexpr int urgent = -20;

}  // namespace

std::vector<int> cores() {
    cpu_set_t allowed{};
    if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot read the CPU affinity");
    }
    std::vector<int> found;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
        if (CPU_ISSET(core, &allowed)) {
            found.push_back(core);
        }
    }
    return found;
}

OnCore::OnCore(int core) : priority_(::getpriority(PRIO_PROCESS, 0)) {
    cpu_set_t only{};
    CPU_SET(core, &only);
    if (::sched_getaffinity(0, sizeof(before_), &before_) != 0 ||
        ::sched_setaffinity(0, sizeof(only), &only) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                fmt::format("Cannot run on core {}", core));
    }
    ::setpriority(PRIO_PROCESS, 0, urgent);  // where it may not, it is only less precise
}

OnCore::~OnCore() {
    ::setpriority(PRIO_PROCESS, 0, priority_);
    ::sched_setaffinity(0, sizeof(before_), &before_);
}

}  // namespace ctgate::bench

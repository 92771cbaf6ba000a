// SPDX-License-Identifier: GPL-2.0-only
#include "control/host_mounts.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sched.h>
#include <unistd.h>

#include <exception>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "control/fd.hpp"

namespace ctgate {
namespace {

// 0: there is none, or it cannot be told.
pid_t parent_of(pid_t pid) {
    std::ifstream file(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("PPid:")) {
            return std::stoi(line.substr(sizeof("PPid:")));
        }
    }
    return 0;
}

FileDescriptor open_host_mounts() {
    FileDescriptor eldest;
    for (pid_t pid = ::getpid(); pid > 0; pid = parent_of(pid)) {
        FileDescriptor mounts(
            ::open(fmt::format("/proc/{}/ns/mnt", pid).c_str(), O_RDONLY | O_CLOEXEC));
        if (mounts) {
            eldest = std::move(mounts);
        }
    }
    return eldest;
}

void enter_host_mounts() {
    const FileDescriptor host = open_host_mounts();
    // The root and working directory must be this thread's own before it may change namespaces.
    if (host && ::unshare(CLONE_FS) == 0) {
        ::setns(host.get(), CLONE_NEWNS);
    }
}

}  // namespace

void in_host_mounts(const std::function<void()>& work) {
    std::exception_ptr failure;
    std::thread([&] {
        try {
            enter_host_mounts();
            work();
        } catch (...) {
            failure = std::current_exception();
        }
    }).join();
    if (failure) {
        std::rethrow_exception(failure);
    }
}

}  // namespace ctgate

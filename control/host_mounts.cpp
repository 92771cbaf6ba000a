// SPDX-License-Identifier: GPL-2.0-only
#include "control/host_mounts.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <exception>
#include <thread>

#include "control/fd.hpp"

namespace ctgate {
namespace {

void enter_host_mounts() {
    const FileDescriptor host(::open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC));
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

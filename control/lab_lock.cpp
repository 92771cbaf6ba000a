// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "control/lab.hpp"

namespace ctgate::lab {

Lock::Lock() {
    // Whoever holds the lock may remove the directory, so what was locked is compared with what
    // is there now.
    for (;;) {
        if (::mkdir(directory, 0700) != 0 && errno != EEXIST) {
            throw std::system_error(errno, std::generic_category(),
                                    fmt::format("Cannot create {} (needs root)", directory));
        }
        directory_ = FileDescriptor(::open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!directory_ && errno == ENOENT) {
            continue;
        }
        if (!directory_) {
            throw std::system_error(errno, std::generic_category(),
                                    fmt::format("Cannot open {}", directory));
        }
        if (::flock(directory_.get(), LOCK_EX | LOCK_NB) != 0) {
            throw std::runtime_error("Another 'ctgate lab' command is at work; wait for its end");
        }
        struct stat held {};
        struct stat named {};
        if (::fstat(directory_.get(), &held) == 0 && ::stat(directory, &named) == 0 &&
            held.st_dev == named.st_dev && held.st_ino == named.st_ino) {
            return;
        }
    }
}

Lock::~Lock() {
    ::rmdir(directory);
}

}  // namespace ctgate::lab

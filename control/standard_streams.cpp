// SPDX-License-Identifier: GPL-2.0-only
#include "control/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <initializer_list>

namespace ctgate {
namespace {

ssize_t write_or_lose(void*, const char* text, std::size_t size) {
    const ssize_t written = ::write(STDERR_FILENO, text, size);
    return written > 0 ? written : static_cast<ssize_t>(size);
}

}  // namespace

void settle_standard_streams() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        // The lowest that is free: this one. Read-only, so that writing fails as before.
        if (::fcntl(fd, F_GETFD) == -1 && errno == EBADF) {
            ::open("/dev/null",
                   O_RDONLY);  // NOLINT(android-cloexec-open): inherited like any other
        }
    }
    cookie_io_functions_t functions{};
    functions.write = write_or_lose;
    if (std::FILE* stream = ::fopencookie(nullptr, "w", functions)) {
        std::setvbuf(stream, nullptr, _IONBF, 0);
        stderr = stream;
    }
}

}  // namespace ctgate

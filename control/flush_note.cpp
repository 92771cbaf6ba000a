// SPDX-License-Identifier: GPL-2.0-only
#include "control/flush_note.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>

namespace ctgate {
namespace {

constexpr const char* name = "flushed";

}  // namespace

FlushNote::FlushNote(const RunDirectory& directory)
    : file_(::open(directory.file(name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) {
    if (!file_) {
        throw std::system_error(errno, std::generic_category(), "Cannot write below /run/ctgate");
    }
}

// The kernel's own time for a file stands still for some milliseconds.
void FlushNote::renew() const {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const std::array<timespec, 2> times = {now, now};
    ::futimens(file_.get(), times.data());
}

std::int64_t FlushNote::last(const RunDirectory& directory) {
    struct stat info {};
    return ::stat(directory.file(name).c_str(), &info) == 0
               ? std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec
               : 0;
}

}  // namespace ctgate

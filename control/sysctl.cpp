// SPDX-License-Identifier: GPL-2.0-only
#include "control/sysctl.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "control/fd.hpp"

namespace ctgate::sysctl {
namespace {

std::string path_of(const std::string& name) {
    return "/proc/sys/" + name;
}

}  // namespace

std::optional<std::string> read(const std::string& name) {
    std::ifstream file(path_of(name));
    std::string line;
    if (!file || !std::getline(file, line)) {
        return std::nullopt;
    }
    return line;
}

bool writable(const std::string& name) {
    const FileDescriptor file(::open(path_of(name).c_str(), O_WRONLY | O_CLOEXEC));
    return static_cast<bool>(file);
}

void write(const std::string& name, const std::string& value) {
    const FileDescriptor file(::open(path_of(name).c_str(), O_WRONLY | O_CLOEXEC));
    if (!file ||
        ::write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) {
        throw std::system_error(errno, std::generic_category(),
                                fmt::format("Cannot set {} to {}", name, value));
    }
}

}  // namespace ctgate::sysctl

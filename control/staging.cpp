// SPDX-License-Identifier: GPL-2.0-only
#include "control/staging.hpp"

#include <bpf/bpf.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <vector>

namespace ctgate::staging {
namespace {

constexpr const char* prefix = "fresh-";

std::vector<std::string> all(const RunDirectory& directory) {
    std::vector<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(directory.pins())) {
        std::string pin = entry.path().filename();
        if (pin.starts_with(prefix)) {
            result.push_back(std::move(pin));
        }
    }
    return result;
}

[[noreturn]] void fail(const std::string& name) {
    throw std::system_error(errno, std::generic_category(),
                            fmt::format("Cannot pin the map '{}' of the dataplane", name));
}

}  // namespace

bool is_left(const RunDirectory& directory) {
    return !all(directory).empty();
}

void clear(const RunDirectory& directory) {
    for (const std::string& pin : all(directory)) {
        ::unlink(directory.pin(pin).c_str());
    }
}

void pin(const RunDirectory& directory, const std::string& name, int map) {
    if (bpf_obj_pin(map, directory.pin(prefix + name).c_str()) != 0) {
        fail(name);
    }
}

void replace(const RunDirectory& directory, const std::string& name) {
    if (std::rename(directory.pin(prefix + name).c_str(), directory.pin(name).c_str()) != 0) {
        fail(name);
    }
}

}  // namespace ctgate::staging

// SPDX-License-Identifier: GPL-2.0-only
#include "control/pinned_programs.hpp"

#include <bpf/bpf.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

namespace ctgate {
namespace {

constexpr const char* prefix = "program-";

}  // namespace

PinnedPrograms::PinnedPrograms(std::uint64_t make)
    : prefix_(fmt::format("{}{:x}-", prefix, make)) {}

std::string PinnedPrograms::pin_of(const std::string& name) const {
    return prefix_ + name;
}

FileDescriptor PinnedPrograms::find(const RunDirectory& directory, const std::string& name) const {
    return FileDescriptor(bpf_obj_get(directory.pin(pin_of(name)).c_str()));
}

bool PinnedPrograms::has(const RunDirectory& directory, const std::string& name) const {
    return ::access(directory.pin(pin_of(name)).c_str(), F_OK) == 0;
}

void PinnedPrograms::keep(const RunDirectory& directory,
                          const std::map<std::string, int>& all) const {
    for (const auto& [name, descriptor] : all) {
        if (bpf_obj_pin(descriptor, directory.pin(pin_of(name)).c_str()) != 0 && errno != EEXIST) {
            throw std::system_error(errno, std::generic_category(),
                                    "Cannot pin the programs of the dataplane");
        }
    }
    std::vector<std::string> unwanted;
    for (const auto& entry : std::filesystem::directory_iterator(directory.pins())) {
        const std::string pin = entry.path().filename();
        const bool wanted = pin.starts_with(prefix_) && all.contains(pin.substr(prefix_.size()));
        if (pin.starts_with(prefix) && !wanted) {
            unwanted.push_back(pin);
        }
    }
    for (const std::string& pin : unwanted) {
        ::unlink(directory.pin(pin).c_str());
    }
}

std::uint32_t program_id(int program) {
    bpf_prog_info info{};
    __u32 length = sizeof(info);
    return bpf_obj_get_info_by_fd(program, &info, &length) == 0 ? info.id : 0;
}

}  // namespace ctgate

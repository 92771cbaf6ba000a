// SPDX-License-Identifier: GPL-2.0-only
#include "control/pinned_map.hpp"

#include <bpf/bpf.h>
#include <fmt/core.h>

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace ctgate {

FileDescriptor open_pinned_map(const RunDirectory& directory, const char* name,
                               std::size_t key_size, std::size_t value_size) {
    FileDescriptor map(bpf_obj_get(directory.pin(name).c_str()));
    bpf_map_info info{};
    __u32 length = sizeof(info);
    if (!map || bpf_obj_get_info_by_fd(map.get(), &info, &length) != 0) {
        throw std::system_error(
            errno, std::generic_category(),
            fmt::format("Cannot open the map '{}' of the dataplane (needs CAP_BPF)", name));
    }
    if (info.key_size != key_size || info.value_size != value_size) {
        throw std::runtime_error(
            fmt::format("The running dataplane keeps its '{}' differently from this ctgate; use "
                        "the ctgate that started it, or start it anew with this one, which takes "
                        "over",
                        name));
    }
    return map;
}

std::uint64_t map_memory(int map) {
    std::ifstream file(fmt::format("/proc/self/fdinfo/{}", map));
    std::string name;
    for (std::string value; file >> name && std::getline(file, value);) {
        if (name == "memlock:") {
            return std::stoull(value);
        }
    }
    return 0;
}

ctgate_settings settings_in_force(const RunDirectory& directory) {
    const FileDescriptor map =
        open_pinned_map(directory, "configuration", sizeof(__u32), sizeof(ctgate_settings));
    return settings_in(map.get());
}

ctgate_settings settings_in(int map) {
    const __u32 only = 0;
    ctgate_settings settings{};
    if (bpf_map_lookup_elem(map, &only, &settings) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot read the settings in force");
    }
    return settings;
}

}  // namespace ctgate

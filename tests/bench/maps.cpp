// SPDX-License-Identifier: GPL-2.0-only
#include "bench/maps.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>

#include <array>
#include <fstream>
#include <stdexcept>

#include "bench/device.hpp"
#include "control/attachment.hpp"
#include "control/fd.hpp"

namespace ctgate::bench {
namespace {

constexpr auto tcx_ingress = static_cast<bpf_attach_type>(46);

std::uint32_t program_at(int ifindex) {
    std::uint32_t id = 0;
    std::uint32_t count = 1;
    if (bpf_prog_query(ifindex, tcx_ingress, 0, nullptr, &id, &count) == 0 && count == 1) {
        return id;
    }
    bpf_tc_hook hook{};
    hook.sz = sizeof(hook);
    hook.ifindex = ifindex;
    hook.attach_point = BPF_TC_INGRESS;
    bpf_tc_opts filter{};
    filter.sz = sizeof(filter);
    filter.handle = attachment::handle;
    filter.priority = attachment::priority;
    if (bpf_tc_query(&hook, &filter) != 0) {
        throw std::runtime_error("There is no program of ctgate at the TC ingress hook");
    }
    return filter.prog_id;
}

std::uint64_t bytes_of(const FileDescriptor& map) {
    std::ifstream file(fmt::format("/proc/self/fdinfo/{}", map.get()));
    for (std::string word; file >> word;) {
        if (std::uint64_t bytes = 0; word == "memlock:" && file >> bytes) {
            return bytes;
        }
    }
    throw std::runtime_error("The kernel does not say what a BPF map takes");
}

}  // namespace

std::map<std::string, MapUse> maps_at(const std::string& interface) {
    const FileDescriptor program(bpf_prog_get_fd_by_id(program_at(ifindex_of(interface))));
    std::array<std::uint32_t, 64> ids{};
    bpf_prog_info info{};
    info.nr_map_ids = ids.size();
    info.map_ids = reinterpret_cast<std::uintptr_t>(ids.data());
    std::uint32_t length = sizeof(info);
    if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0) {
        throw std::runtime_error("Cannot examine ctgate's program (needs root)");
    }
    std::map<std::string, MapUse> found;
    for (std::uint32_t i = 0; i < info.nr_map_ids; ++i) {
        const FileDescriptor map(bpf_map_get_fd_by_id(ids.at(i)));
        bpf_map_info about{};
        length = sizeof(about);
        if (map && bpf_obj_get_info_by_fd(map.get(), &about, &length) == 0) {
            found[about.name] = {about.max_entries, bytes_of(map)};
        }
    }
    return found;
}

}  // namespace ctgate::bench

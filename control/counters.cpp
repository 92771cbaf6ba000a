// SPDX-License-Identifier: GPL-2.0-only
#include "control/counters.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <numeric>
#include <stdexcept>
#include <system_error>

#include "control/fd.hpp"
#include "control/show.hpp"
#include "ctgate/counters.h"

namespace ctgate {
namespace {

// Empty when there is none.
FileDescriptor open_map(const RunDirectory& directory) {
    FileDescriptor map(bpf_obj_get(directory.pin("counters").c_str()));
    if (!map && errno != ENOENT) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot open the counters (needs CAP_BPF)");
    }
    return map;
}

// Slots have no names in the map: with another number of them, ours would be wrong.
void check_layout(const FileDescriptor& map) {
    bpf_map_info info{};
    __u32 length = sizeof(info);
    if (bpf_obj_get_info_by_fd(map.get(), &info, &length) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot examine the counters");
    }
    if (info.type != BPF_MAP_TYPE_PERCPU_ARRAY || info.value_size != sizeof(__u64) ||
        info.max_entries != CTGATE_COUNTER_MAX) {
        throw std::runtime_error(
            "The running dataplane counts differently from this ctgate; use the ctgate that "
            "started it, or start it anew with this one");
    }
}

std::uint64_t read_slot(const FileDescriptor& map, std::uint32_t slot) {
    std::vector<std::uint64_t> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    if (bpf_map_lookup_elem(map.get(), &slot, per_cpu.data()) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot read the counters");
    }
    return std::accumulate(per_cpu.begin(), per_cpu.end(), std::uint64_t{0});
}

}  // namespace

std::optional<Counters> read_counters(const RunDirectory& directory) {
    const FileDescriptor map = open_map(directory);
    if (!map) {
        return std::nullopt;
    }
    check_layout(map);
    const auto guard = guard_counters();
    const auto guard_value = [&](const char* name) {
        const auto found = guard.find(name);
        return found == guard.end() ? std::nullopt : std::optional(found->second);
    };
    Counters result;
#define CTGATE_ROW(id, name, text) \
    result.counters.push_back({name, text, read_slot(map, CTGATE_COUNT_##id)});
    CTGATE_COUNTERS(CTGATE_ROW)
#undef CTGATE_ROW
#define CTGATE_ROW(id, name, text) \
    result.drops.push_back({name, text, read_slot(map, CTGATE_DROP_##id)});
    CTGATE_DROP_REASONS(CTGATE_ROW)
#undef CTGATE_ROW
#define CTGATE_ROW(id, name, text) result.drops.push_back({name, text, guard_value(name)});
    CTGATE_GUARD_REASONS(CTGATE_ROW)
#undef CTGATE_ROW
    return result;
}

}  // namespace ctgate

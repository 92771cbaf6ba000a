// SPDX-License-Identifier: GPL-2.0-only
#include "control/occupancy.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <ctime>
#include <system_error>

#include "control/monotonic.hpp"
#include "control/pinned_forwards.hpp"
#include "control/pinned_map.hpp"
#include "control/session_records.hpp"
#include "ctgate/hosts.h"

namespace ctgate {
namespace {

void read_hosts(const FileDescriptor& map, Occupancy& result) {
    const std::uint32_t now = seconds_now();
    ctgate_host_key key{};
    for (const ctgate_host_key* previous = nullptr;
         bpf_map_get_next_key(map.get(), previous, &key) == 0; previous = &key) {
        ctgate_host host{};
        if (bpf_map_lookup_elem(map.get(), &key, &host) == 0) {
            ++result.hosts;
            result.refused_recently += host.told != 0 && now - host.told <= refused_seconds ? 1 : 0;
        }
    }
}

void read_ports(const PortMaps& maps, Occupancy& result) {
    for (const PortSpace& space : port_spaces::all(maps)) {
        const PortMemory memory(maps, space);
        const Ports allowed = memory.allowed();
        result.ports.push_back(
            {.address = space.address,
             .protocol = space.protocol,
             .used = static_cast<std::uint32_t>((memory.used() & allowed).count()),
             .available = static_cast<std::uint32_t>(allowed.count())});
    }
}

void read_cache(const FileDescriptor& map, Occupancy& result) {
    bpf_map_info info{};
    __u32 length = sizeof(info);
    if (bpf_obj_get_info_by_fd(map.get(), &info, &length) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot examine the session cache");
    }
    result.records_limit = info.max_entries;
    for_each_record(map.get(),
                    [&](const ctgate_cache_key&, const ctgate_cache_record&) { ++result.records; });
}

}  // namespace

Occupancy read_occupancy(const RunDirectory& directory) {
    Occupancy result;
    read_ports(PinnedForwards(directory).port_maps(), result);
    read_hosts(open_pinned_map(directory, "hosts", sizeof(ctgate_host_key), sizeof(ctgate_host)),
               result);
    read_cache(open_pinned_map(directory, "session_cache", sizeof(ctgate_cache_key),
                               sizeof(ctgate_cache_record)),
               result);
    return result;
}

}  // namespace ctgate

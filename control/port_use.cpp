// SPDX-License-Identifier: GPL-2.0-only
#include "control/port_use.hpp"

#include <bpf/bpf.h>

#include <system_error>

#include "control/pinned_forwards.hpp"

namespace ctgate {
namespace {

SpaceUse use_of(const PortMaps& maps, const PortSpace& space) {
    const PortMemory memory(maps, space);
    const Ports allowed = memory.allowed();
    SpaceUse use{.allowed = allowed.count(), .used = (memory.used() & allowed).count()};
    for (unsigned port = 0; port < CTGATE_PORTS; ++port) {
        const ctgate_port_slot& slot = memory.slot(static_cast<std::uint16_t>(port));
        use.mappings += slot.state == CTGATE_PORT_MAPPED ? 1 : 0;
    }
    return use;
}

}  // namespace

std::map<PortSpace, SpaceUse> read_port_use(const RunDirectory& directory) {
    const PinnedForwards pinned(directory);
    const PortMaps maps = pinned.port_maps();
    std::map<PortSpace, SpaceUse> result;
    ctgate_port_space key{};
    for (const ctgate_port_space* previous = nullptr;
         bpf_map_get_next_key(maps.sets, previous, &key) == 0; previous = &key) {
        const PortSpace space{{key.address.words[0]}, static_cast<std::uint8_t>(key.protocol)};
        try {
            result.insert_or_assign(space, use_of(maps, space));
        } catch (const std::system_error&) {
            // Its address has just gone.
        }
    }
    return result;
}

}  // namespace ctgate

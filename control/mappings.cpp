// SPDX-License-Identifier: GPL-2.0-only
#include "control/mappings.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>

#include <algorithm>
#include <atomic>
#include <ctime>

#include "control/monotonic.hpp"
#include "control/session_view.hpp"

namespace ctgate {
namespace {

Mapping to_mapping(const PortSpace& space, std::uint16_t port, const ctgate_port_slot& slot,
                   std::uint32_t now) {
    return {.protocol = space.protocol,
            .internal = {IpAddress{slot.internal.words[0]}, ntohs(slot.internal_port)},
            .external = {space.address, port},
            .expires_in = slot.mapped_until > now ? slot.mapped_until - now : 0,
            .age = now > slot.since ? now - slot.since : 0};
}

ctgate_mapping_key key_of(std::uint8_t protocol, const ctgate_port_slot& slot) {
    return {.address = slot.internal,
            .ifindex = slot.ifindex,
            .port = slot.internal_port,
            .protocol = protocol,
            .reserved = 0};
}

// The slot alone is not enough: after end() it goes on without.
bool is_known(const PortMaps& maps, const Mapping& mapping, const ctgate_port_slot& slot) {
    const ctgate_mapping_key key = key_of(mapping.protocol, slot);
    ctgate_mapping known{};
    return bpf_map_lookup_elem(maps.mappings, &key, &known) == 0 &&
           known.address.words[0] == mapping.external.address.v4 &&
           ntohs(known.port) == mapping.external.port;
}

// `visit` gets the mapping and its slot.
template <typename Visit>
void for_each_slot(const PortMaps& maps, Visit visit) {
    const std::uint32_t now = seconds_now();
    for (const PortSpace& space : port_spaces::all(maps)) {
        PortMemory memory(maps, space);
        for (unsigned number = 0; number < CTGATE_PORTS; ++number) {
            const auto port = static_cast<std::uint16_t>(number);
            ctgate_port_slot& slot = memory.slot(port);
            if (std::atomic_ref(slot.state).load() == CTGATE_PORT_MAPPED) {
                visit(to_mapping(space, port, slot, now), slot);
            }
        }
    }
}

bool matches(const SessionFilter& filter, const Mapping& mapping) {
    return filter.matches(mapping.protocol, mapping.internal, mapping.external);
}

}  // namespace

void mappings::for_each(const PortMaps& maps, const std::function<void(const Mapping&)>& visit) {
    for_each_slot(maps, [&](const Mapping& mapping, const ctgate_port_slot& slot) {
        if (is_known(maps, mapping, slot)) {
            visit(mapping);
        }
    });
}

std::vector<Mapping> mappings::without_space(const PortMaps& maps, const PortPlans& ports) {
    const auto is_without = [&](const PortSpace& space) { return !ports.contains(space); };
    const std::vector<PortSpace> spaces = port_spaces::all(maps);
    std::vector<Mapping> result;
    if (std::any_of(spaces.begin(), spaces.end(), is_without)) {
        for_each(maps, [&](const Mapping& mapping) {
            if (is_without({mapping.external.address, mapping.protocol})) {
                result.push_back(mapping);
            }
        });
    }
    return result;
}

std::size_t mappings::end(const PortMaps& maps, const SessionFilter& filter) {
    std::size_t ended = 0;
    for_each_slot(maps, [&](const Mapping& mapping, const ctgate_port_slot& slot) {
        if (matches(filter, mapping) && is_known(maps, mapping, slot)) {
            const ctgate_mapping_key key = key_of(mapping.protocol, slot);
            ended += bpf_map_delete_elem(maps.mappings, &key) == 0 ? 1 : 0;
        }
    });
    return ended;
}

// The dataplane's sweep does the rest, as for any mapping whose time is over.
void mappings::expire(const PortMaps& maps, const SessionFilter& filter) {
    for_each_slot(maps, [&](const Mapping& mapping, ctgate_port_slot& slot) {
        if (matches(filter, mapping) && !is_known(maps, mapping, slot)) {
            std::atomic_ref(slot.mapped_until).store(0);
            std::atomic_ref(slot.held_until).store(0);
        }
    });
}

SessionsByPort::SessionsByPort(const PortMaps& maps) {
    for (const PortSpace& space : port_spaces::all(maps)) {
        counts_.emplace(space, std::vector<std::uint32_t>(CTGATE_PORTS));
    }
    const auto add = [&](std::uint8_t protocol, const Endpoint& external) {
        const auto found = counts_.find({external.address, protocol});
        if (found != counts_.end()) {
            ++found->second[external.port];
        }
    };
    conntrack::for_each([&](const Session& session) {
        const Nat nat = view(session).nat;
        if (nat == Nat::source || nat == Nat::both) {
            add(session.protocol, session.reply_destination);
        }
        if (nat == Nat::destination || nat == Nat::both) {
            add(session.protocol, session.destination);
        }
    });
}

std::uint32_t SessionsByPort::of(std::uint8_t protocol, const Endpoint& external) const {
    const auto found = counts_.find({external.address, protocol});
    return found == counts_.end() ? 0 : found->second[external.port];
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/forwards.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "control/conntrack.hpp"
#include "control/deterministic.hpp"
#include "control/monotonic.hpp"
#include "control/nat_tables.hpp"
#include "control/saved.hpp"
#include "ctgate/pairing.h"

namespace ctgate {
namespace {

bool goes_to(const ForwardOption& option, std::uint8_t protocol, IpAddress external) {
    return (protocol == IPPROTO_TCP ? option.tcp : option.udp) &&
           (!option.external || *option.external == external);
}

// The external address that this internal host is paired with; nullopt: it is not served.
std::optional<IpAddress> paired(const ExternalInterface& interface, IpAddress internal) {
    if (interface.addresses.empty()) {
        return std::nullopt;
    }
    if (interface.deterministic) {
        const auto n = deterministic_address(interface, internal);
        return n ? std::optional(interface.addresses[*n].address) : std::nullopt;
    }
    const ctgate_address bytes = internal.to_bytes();
    const auto count = static_cast<__u32>(interface.addresses.size());
    return interface.addresses.at(ctgate_pair(bytes.bytes, count)).address;
}

ctgate_mapping_key mapping_key(const PortSpace& space, const Forward& forward) {
    ctgate_mapping_key key{};
    key.address = forward.internal.address.to_bytes();
    key.ifindex = forward.ifindex;
    key.port = htons(forward.internal.port);
    key.protocol = space.protocol;
    return key;
}

ctgate_mapping_key mapping_key(const PortSpace& space, const ctgate_port_slot& slot) {
    ctgate_mapping_key key{};
    key.address = slot.internal;
    key.ifindex = slot.ifindex;
    key.port = slot.internal_port;
    key.protocol = space.protocol;
    return key;
}

// Unless the internal endpoint is mapped elsewhere by now.
void unmap(const PortMaps& maps, const PortSpace& space, std::uint16_t port,
           const ctgate_port_slot& slot) {
    const ctgate_mapping_key key = mapping_key(space, slot);
    ctgate_mapping mapping{};
    if (bpf_map_lookup_elem(maps.mappings, &key, &mapping) == 0 && ntohs(mapping.port) == port &&
        mapping.address.words[0] == space.address.v4) {
        bpf_map_delete_elem(maps.mappings, &key);
    }
}

void map(const PortMaps& maps, const PortSpace& space, std::uint16_t port, const Forward& forward) {
    const ctgate_mapping_key key = mapping_key(space, forward);
    ctgate_mapping mapping{};
    mapping.address = space.address.to_bytes();
    mapping.port = htons(port);
    if (bpf_map_update_elem(maps.mappings, &key, &mapping, BPF_ANY) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot hand a port forward to the dataplane");
    }
}

void set_state(ctgate_port_slot& slot, ctgate_port_state state) {
    std::atomic_ref(slot.state).store(static_cast<__u8>(state));
}

bool is_forwarded(const ctgate_port_slot& slot) {
    return slot.state == CTGATE_PORT_FORWARDED;
}

bool is_as(const ctgate_port_slot& slot, const Forward& forward) {
    const ctgate_address internal = forward.internal.address.to_bytes();
    return is_forwarded(slot) && std::memcmp(&slot.internal, &internal, sizeof(internal)) == 0 &&
           slot.internal_port == htons(forward.internal.port) && slot.access == forward.access &&
           slot.ifindex == forward.ifindex;
}

// The mapping that had the port.
std::optional<DisplacedMapping> open(const PortMaps& maps, const PortSpace& space,
                                     PortMemory& memory, std::uint16_t port,
                                     const Forward& forward) {
    ctgate_port_slot& slot = memory.slot(port);
    std::optional<DisplacedMapping> ended;
    if (!memory.claim(port) && slot.state == CTGATE_PORT_MAPPED) {
        const Endpoint holder{IpAddress{slot.internal.words[0]}, ntohs(slot.internal_port)};
        spdlog::info("The forward of {} port {} ends the mapping of {}",
                     space.protocol == IPPROTO_TCP ? "TCP" : "UDP", port, holder.text());
        unmap(maps, space, port, slot);
        port_spaces::return_quota(maps, space, slot);
        ended = {.protocol = space.protocol, .internal = holder, .external = {space.address, port}};
    }
    set_state(slot, CTGATE_PORT_FREE);
    slot.internal = forward.internal.address.to_bytes();
    slot.internal_port = htons(forward.internal.port);
    slot.ifindex = forward.ifindex;
    slot.access = forward.access;
    slot.contact = {};
    slot.sessions = 0;
    ++slot.generation;
    memory.set_forwarded(port, true);
    set_state(slot, CTGATE_PORT_FORWARDED);
    return ended;
}

// Ports that are to be closed, and how many seconds conntrack keeps the last of their sessions.
using Closing = std::map<PortSpace, std::map<std::uint16_t, std::uint32_t>>;

const std::map<std::uint16_t, Forward>& wanted_in(const Forwards& wanted, const PortSpace& space) {
    static const std::map<std::uint16_t, Forward> none;
    const auto found = wanted.find(space);
    return found == wanted.end() ? none : found->second;
}

Closing forwarded_but(const PortMaps& maps, const Forwards& wanted) {
    Closing result;
    for (const PortSpace& space : port_spaces::all(maps)) {
        const PortMemory memory(maps, space);
        for (unsigned number = 0; number < CTGATE_PORTS; ++number) {
            const auto port = static_cast<std::uint16_t>(number);
            if (is_forwarded(memory.slot(port)) && !wanted_in(wanted, space).contains(port)) {
                result[space].emplace(port, 0);
            }
        }
    }
    return result;
}

void take_time_left(const Session& session, const std::optional<Endpoint>& external,
                    Closing& closing) {
    const auto space =
        external ? closing.find({external->address, session.protocol}) : closing.end();
    if (space == closing.end()) {
        return;
    }
    if (const auto port = space->second.find(external->port); port != space->second.end()) {
        port->second = std::max(port->second, session.timeout);
    }
}

// conntrack is asked once, and only where something closes.
Closing to_close(const PortMaps& maps, const Forwards& wanted) {
    Closing result = forwarded_but(maps, wanted);
    if (!result.empty()) {
        conntrack::for_each([&](const Session& session) {
            take_time_left(session, saved::source_external(session), result);
            take_time_left(session, saved::destination_external(session), result);
        });
    }
    return result;
}

// Its sessions go on, and so nobody else gets the port: the dataplane gives it back in time.
void close(const PortMaps& maps, const PortSpace& space, PortMemory& memory, std::uint16_t port,
           std::uint32_t seconds) {
    ctgate_port_slot& slot = memory.slot(port);
    unmap(maps, space, port, slot);
    if (seconds != 0) {
        slot.mapped_until = 0;
        slot.held_until = seconds_now() + seconds;
        set_state(slot, CTGATE_PORT_RESTING);
        memory.set_forwarded(port, false);
        return;
    }
    set_state(slot, CTGATE_PORT_FREE);
    // First: in between, it must rather keep a block too many than too few.
    memory.set_forwarded(port, false);
    memory.give_back(port);
}

// Appends the mappings that have lost their ports.
void set_in(const PortMaps& maps, const PortSpace& space,
            const std::map<std::uint16_t, std::uint32_t>& closing,
            const std::map<std::uint16_t, Forward>& wanted, std::vector<DisplacedMapping>& ended) {
    PortMemory memory(maps, space);
    for (const auto& [port, seconds] : closing) {
        close(maps, space, memory, port, seconds);
    }
    for (const auto& [port, forward] : wanted) {
        if (!is_as(memory.slot(port), forward)) {
            if (is_forwarded(memory.slot(port))) {
                unmap(maps, space, port, memory.slot(port));
            }
            if (const auto mapping = open(maps, space, memory, port, forward)) {
                ended.push_back(*mapping);
            }
        }
        if (forward.outbound) {
            map(maps, space, port, forward);
        }
    }
}

}  // namespace

Forwards forwards_of(const Config& config, const ExternalInterface& interface, unsigned ifindex) {
    Forwards result;
    std::set<std::pair<IpAddress, unsigned>> sending;  // per protocol, below
    for (const int number : {IPPROTO_TCP, IPPROTO_UDP}) {
        const auto protocol = static_cast<std::uint8_t>(number);
        sending.clear();
        for (std::size_t i = 0; i < config.forwards.size(); ++i) {
            const ForwardOption& option = config.forwards[i];
            const std::optional<IpAddress> own = paired(interface, option.internal);
            for (const ExternalAddress& each : interface.addresses) {
                if (!goes_to(option, protocol, each.address)) {
                    continue;
                }
                for (unsigned port = option.low; port <= option.high; ++port) {
                    const unsigned internal = option.internal_low + (port - option.low);
                    const bool outbound =
                        own == each.address && sending.emplace(option.internal, internal).second;
                    result[{each.address, protocol}][static_cast<std::uint16_t>(port)] = {
                        .internal = {option.internal, static_cast<std::uint16_t>(internal)},
                        .ifindex = ifindex,
                        .access = access_number(config, i),
                        .outbound = outbound};
                }
            }
        }
    }
    return result;
}

Forwards forwards::in_force(const PortMaps& maps, const Forwards& wanted) {
    Forwards result;
    for (const PortSpace& space : port_spaces::all(maps)) {
        const auto found = wanted.find(space);
        if (found == wanted.end()) {
            continue;
        }
        const PortMemory memory(maps, space);
        for (const auto& [port, forward] : found->second) {
            if (is_as(memory.slot(port), forward)) {
                result[space].emplace(port, forward);
            }
        }
    }
    return result;
}

std::vector<DisplacedMapping> forwards::set(const PortMaps& maps, const Forwards& wanted) {
    std::vector<DisplacedMapping> ended;
    Closing closing = to_close(maps, wanted);
    for (const PortSpace& space : port_spaces::all(maps)) {
        set_in(maps, space, closing[space], wanted_in(wanted, space), ended);
    }
    return ended;
}

}  // namespace ctgate

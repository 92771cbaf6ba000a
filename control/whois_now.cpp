// SPDX-License-Identifier: GPL-2.0-only
// Whose an endpoint is at this moment: by the dataplane's maps, and conntrack.
#include <arpa/inet.h>
#include <bpf/bpf.h>

#include <algorithm>

#include "control/conntrack.hpp"
#include "control/deterministic.hpp"
#include "control/pinned_forwards.hpp"
#include "control/port_spaces.hpp"
#include "control/serving.hpp"
#include "control/whois.hpp"

namespace ctgate {
namespace {

IpAddress address_in(const ctgate_address& bytes) {
    return IpAddress{bytes.words[0]};
}

const char* state_text(std::uint8_t state) {
    switch (state) {
        case CTGATE_PORT_MAPPED:
            return "mapping";
        case CTGATE_PORT_RESTING:
            return "former mapping";
        case CTGATE_PORT_FORWARDED:
            return "forward";
        default:
            return nullptr;
    }
}

// The slot knows the internal port too, the block only the host.
std::optional<EndpointOwner> owner_in(const PortMemory& memory, std::uint16_t port) {
    EndpointOwner owner;
    const ctgate_port_slot& slot = memory.slot(port);
    const ctgate_port_block& block = memory.block_of(port);
    const bool blocks = memory.block_order() != 0 && !memory.blocks_are_computed();
    if (blocks && (block.state == CTGATE_BLOCK_OWNED || block.state == CTGATE_BLOCK_RELEASING)) {
        owner.internal = address_in(block.host);
        owner.how = "block";
        owner.block = block_around(port, memory.block_order());
    }
    if (const char* state = state_text(slot.state)) {
        if (owner.internal != address_in(slot.internal)) {
            owner.block.reset();
        }
        owner.internal = address_in(slot.internal);
        owner.port = ntohs(slot.internal_port);
        owner.how = state;
    }
    return owner.how.empty() ? std::nullopt : std::optional(owner);
}

bool has_space(const PortMaps& maps, const PortSpace& space) {
    const ctgate_port_space key = space.key();
    __u32 id = 0;
    return bpf_map_lookup_elem(maps.sets, &key, &id) == 0;
}

std::optional<EndpointOwner> owner_by_address(const Serving& serving, const Endpoint& external) {
    for (const ExternalInterface& interface : serving.external) {
        const auto host = interface.deterministic
                              ? deterministic_host(interface, external.address, external.port)
                              : std::nullopt;
        if (host) {
            EndpointOwner owner;
            owner.internal = *host;
            owner.how = "deterministic";
            owner.block = block_around(external.port, interface.block_order);
            return owner;
        }
    }
    return std::nullopt;
}

// Of ports that several share, of sessions that the kernel made, and of those that go on while
// their port has been given to a forward, or computed to be another's.
std::vector<EndpointOwner> owners_in_sessions(const Endpoint& external, std::uint8_t protocol) {
    std::vector<EndpointOwner> result;
    conntrack::for_each([&](const Session& session) {
        const bool outbound = session.protocol == protocol &&
                              session.reply_destination.address == external.address &&
                              session.reply_destination.port == external.port &&
                              session.source.address != external.address;
        const bool known = std::any_of(result.begin(), result.end(), [&](const auto& each) {
            return each.internal == session.source.address && each.port == session.source.port;
        });
        if (outbound && !known) {
            result.push_back({.protocol = protocol,
                              .internal = session.source.address,
                              .port = session.source.port,
                              .how = "session",
                              .block = std::nullopt});
        }
    });
    return result;
}

}  // namespace

std::vector<EndpointOwner> owners_now(const RunDirectory& directory, const Endpoint& external,
                                      const std::vector<std::uint8_t>& protocols) {
    const PinnedForwards pinned(directory);
    const PortMaps maps = pinned.port_maps();
    const Serving serving = Serving::read(directory).value_or(Serving{});
    std::vector<EndpointOwner> result;
    for (const std::uint8_t protocol : protocols) {
        const PortSpace space{external.address, protocol};
        std::optional<EndpointOwner> owner;
        if (has_space(maps, space)) {
            owner = owner_in(PortMemory(maps, space), external.port);
        }
        if (!owner) {
            owner = owner_by_address(serving, external);
        }
        if (const auto host = pinned.one_to_one_host(external.address)) {
            owner.emplace();
            owner->internal = *host;
            owner->port = external.port;
            owner->how = "one-to-one";
        }
        std::vector<EndpointOwner> sharing = owners_in_sessions(external, protocol);
        if (owner) {
            owner->protocol = protocol;
            std::erase_if(sharing, [&](const EndpointOwner& each) {
                return each.internal == owner->internal;
            });
            result.push_back(*owner);
        }
        result.insert(result.end(), sharing.begin(), sharing.end());
    }
    return result;
}

}  // namespace ctgate

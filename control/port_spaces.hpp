// SPDX-License-Identifier: GPL-2.0-only
// The dataplane's port spaces: for each external address and protocol, which ports may be given
// out, and which are in use (include/ctgate/ports.h).
#pragma once

#include <bitset>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <tuple>
#include <vector>

#include "control/ip.hpp"
#include "ctgate/hosts.h"
#include "ctgate/ports.h"

namespace ctgate {

using Ports = std::bitset<CTGATE_PORTS>;

Ports ports_in(const std::vector<ctgate_port_range>& ranges);

// The block of 2^order ports that has this one.
ctgate_port_range block_around(std::uint16_t port, unsigned order);

struct PortSpace {
    IpAddress address;
    std::uint8_t protocol = 0;  // IPPROTO_TCP or IPPROTO_UDP

    bool operator==(const PortSpace& other) const = default;
    std::strong_ordering operator<=>(const PortSpace& other) const {
        return std::tie(address, protocol) <=> std::tie(other.address, other.protocol);
    }
    ctgate_port_space key() const;
};

// What a space is to be.
struct PortPlan {
    Ports allowed;             // may be given out
    unsigned block_order = 0;  // 2^order ports are a block; 0: there are no blocks
    bool computed = false;     // and whose a block is, is computed
};
using PortPlans = std::map<PortSpace, PortPlan>;

// A block that a host has.
struct OwnedBlock {
    PortSpace space;
    IpAddress host;
    ctgate_port_range ports;
};

// Descriptors of the dataplane's maps; not owned.
struct PortMaps {
    int sets;
    int slots;
    int sweeps;
    int mappings;
    int hosts;
};

// The memory of one space, shared with the dataplane.
class PortMemory {
  public:
    // Throws when there is no such space.
    PortMemory(const PortMaps& maps, const PortSpace& space);
    ~PortMemory();
    PortMemory(const PortMemory&) = delete;
    PortMemory& operator=(const PortMemory&) = delete;

    // All of it. Nobody else may know of this one yet.
    void become(const PortMemory& other);
    void allow(const Ports& ports);
    // Other blocks: each belongs to the host of a mapping that has a port of it, if there is any.
    // Meanwhile, for about a millisecond, no port is claimed in a block.
    void set_blocks(unsigned order, bool computed);
    // As atomically as the dataplane does. False: it is in use.
    bool claim(std::uint16_t port);
    void give_back(std::uint16_t port);
    // A forward has this port, which is claimed, or has it no more.
    void set_forwarded(std::uint16_t port, bool forwarded);
    // The block of a port, where there are blocks.
    const ctgate_port_block& block_of(std::uint16_t port) const;
    unsigned block_order() const { return set_->block_order; }
    bool blocks_are_computed() const { return set_->computed != 0; }
    // May be written by whoever claimed the port.
    ctgate_port_slot& slot(std::uint16_t port) { return slots_[port]; }
    const ctgate_port_slot& slot(std::uint16_t port) const { return slots_[port]; }
    Ports allowed() const;
    Ports used() const;

  private:
    void find_owners();

    ctgate_port_set* set_;
    ctgate_port_slot* slots_;
};

namespace port_spaces {

// The host of this slot has one port less.
void return_quota(const PortMaps& maps, const PortSpace& space, const ctgate_port_slot& slot);

// Those that are there, in order.
std::vector<PortSpace> all(const PortMaps& maps);

// Calls `visit` for each. Where whose a block is, is computed, there are none.
void for_each_block(const PortMaps& maps, const std::function<void(const OwnedBlock&)>& visit);

// Exactly these exist afterwards, as planned. Those that are there keep what
// is in use; the mappings of those that go, go too.
void set(const PortMaps& maps, const PortPlans& wanted);

// A space of `from` as it is now, in `to`, where it is not yet. False: there is none.
bool copy(const PortMaps& from, const PortMaps& to, const PortSpace& space);

}  // namespace port_spaces
}  // namespace ctgate

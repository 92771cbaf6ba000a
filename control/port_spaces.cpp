// SPDX-License-Identifier: GPL-2.0-only
#include "control/port_spaces.hpp"

#include <bpf/bpf.h>
#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "control/fd.hpp"

namespace ctgate {
namespace {

constexpr unsigned word_bits = 64;

std::system_error failure(const std::string& what) {
    return {errno, std::generic_category(), what};
}

FileDescriptor create(bpf_map_type type, const char* name, std::size_t value, unsigned entries) {
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
    FileDescriptor map(bpf_map_create(type, name, sizeof(__u32), value, entries, &options));
    if (!map) {
        throw failure("Cannot create a table of ports for the dataplane");
    }
    return map;
}

void put(int outer, const ctgate_port_space& key, const FileDescriptor& inner) {
    const int fd = inner.get();
    if (bpf_map_update_elem(outer, &key, &fd, BPF_ANY) != 0) {
        throw failure("Cannot hand a table of ports to the dataplane");
    }
}

// The memory of an inner map lives as long as it is mapped, even when its space is removed.
void* map_inner(int outer, const ctgate_port_space& key, std::size_t size) {
    __u32 id = 0;
    if (bpf_map_lookup_elem(outer, &key, &id) != 0) {
        throw failure("The dataplane has no table of these ports");
    }
    const FileDescriptor inner(bpf_map_get_fd_by_id(id));
    void* memory = inner ? ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, inner.get(), 0)
                         : MAP_FAILED;
    if (memory == MAP_FAILED) {
        throw failure("Cannot open the dataplane's table of ports");
    }
    return memory;
}

// The kernel lays the values of an array out in steps of eight bytes.
static_assert(sizeof(ctgate_port_slot) % 8 == 0);

constexpr std::size_t slots_size = sizeof(ctgate_port_slot) * CTGATE_PORTS;

bool exists(const PortMaps& maps, const ctgate_port_space& key) {
    __u32 id = 0;
    return bpf_map_lookup_elem(maps.sets, &key, &id) == 0 &&
           bpf_map_lookup_elem(maps.slots, &key, &id) == 0;
}

// The set last: the dataplane gives out ports once it is there.
void add(const PortMaps& maps, const ctgate_port_space& key) {
    put(maps.slots, key,
        create(BPF_MAP_TYPE_ARRAY, "port_slots", sizeof(ctgate_port_slot), CTGATE_PORTS));
    put(maps.sets, key, create(BPF_MAP_TYPE_ARRAY, "port_set", sizeof(ctgate_port_set), 1));
}

bool is_at(const ctgate_mapping& mapping, const ctgate_port_space& space) {
    return std::memcmp(&mapping.address, &space.address, sizeof(space.address)) == 0;
}

// Of all protocols: an address comes and goes as a whole.
void remove_mappings(const PortMaps& maps, const ctgate_port_space& space) {
    std::vector<ctgate_mapping_key> gone;
    ctgate_mapping_key key{};
    for (const ctgate_mapping_key* previous = nullptr;
         bpf_map_get_next_key(maps.mappings, previous, &key) == 0; previous = &key) {
        ctgate_mapping mapping{};
        if (bpf_map_lookup_elem(maps.mappings, &key, &mapping) == 0 && is_at(mapping, space)) {
            gone.push_back(key);
        }
    }
    for (const ctgate_mapping_key& each : gone) {
        bpf_map_delete_elem(maps.mappings, &each);
    }
}

Ports ports_of(const __u64 (&bitmap)[CTGATE_PORT_WORDS]) {
    Ports result;
    for (unsigned port = 0; port < CTGATE_PORTS; ++port) {
        result[port] = (bitmap[port / word_bits] >> (port % word_bits) & 1U) != 0;
    }
    return result;
}

PortSpace space_of(const ctgate_port_space& key) {
    return {IpAddress{key.address.words[0]}, static_cast<std::uint8_t>(key.protocol)};
}

void return_quotas(const PortMaps& maps, const PortSpace& space) {
    const PortMemory memory(maps, space);
    for (unsigned port = 0; port < CTGATE_PORTS; ++port) {
        const ctgate_port_slot& slot = memory.slot(static_cast<std::uint16_t>(port));
        if (slot.state == CTGATE_PORT_MAPPED) {
            port_spaces::return_quota(maps, space, slot);
        }
    }
}

void remove(const PortMaps& maps, const ctgate_port_space& key) {
    if (exists(maps, key)) {
        return_quotas(maps, space_of(key));
    }
    bpf_map_delete_elem(maps.sets, &key);
    bpf_map_delete_elem(maps.slots, &key);
    bpf_map_delete_elem(maps.sweeps, &key);
    remove_mappings(maps, key);
}

}  // namespace

Ports ports_in(const std::vector<ctgate_port_range>& ranges) {
    Ports result;
    for (const ctgate_port_range& range : ranges) {
        for (unsigned port = range.low; port <= range.high; ++port) {
            result.set(port);
        }
    }
    return result;
}

ctgate_port_range block_around(std::uint16_t port, unsigned order) {
    const unsigned first = port >> order << order;
    return {static_cast<__u16>(first), static_cast<__u16>(first + (1U << order) - 1)};
}

ctgate_port_space PortSpace::key() const {
    return {.address = address.to_bytes(), .protocol = protocol};
}

PortMemory::PortMemory(const PortMaps& maps, const PortSpace& space)
    : set_(static_cast<ctgate_port_set*>(
          map_inner(maps.sets, space.key(), sizeof(ctgate_port_set)))),
      slots_(nullptr) {
    try {
        slots_ = static_cast<ctgate_port_slot*>(map_inner(maps.slots, space.key(), slots_size));
    } catch (...) {
        ::munmap(set_, sizeof(*set_));
        throw;
    }
}

PortMemory::~PortMemory() {
    ::munmap(set_, sizeof(*set_));
    ::munmap(slots_, slots_size);
}

void PortMemory::become(const PortMemory& other) {
    std::memcpy(slots_, other.slots_, slots_size);
    *set_ = *other.set_;
}

void PortMemory::allow(const Ports& ports) {
    __u32 first = CTGATE_PORT_WORDS;
    __u32 end = 0;
    for (unsigned word = 0; word < CTGATE_PORT_WORDS; ++word) {
        __u64 bits = 0;
        for (unsigned bit = 0; bit < word_bits; ++bit) {
            bits |= __u64{ports[word * word_bits + bit]} << bit;
        }
        std::atomic_ref(set_->allowed[word]).store(bits);
        if (bits != 0) {
            first = std::min(first, word);
            end = word + 1;
        }
    }
    std::atomic_ref(set_->first_word).store(first);
    std::atomic_ref(set_->end_word).store(end);
    std::atomic_ref(set_->freed).fetch_add(1);
}

void PortMemory::set_blocks(unsigned order, bool computed) {
    if (set_->block_order == order && (set_->computed != 0) == computed) {
        return;
    }
    for (ctgate_port_block& block : set_->blocks) {
        std::atomic_ref(block.state).store(CTGATE_BLOCK_UNSETTLED);
    }
    std::atomic_ref(set_->block_order).store(order);
    std::atomic_ref(set_->computed).store(computed ? 1 : 0);
    find_owners();
}

// Every block is unsettled.
void PortMemory::find_owners() {
    std::bitset<CTGATE_PORT_WORDS> owned;
    for (unsigned port = 0; port < CTGATE_PORTS && set_->block_order != 0; ++port) {
        const ctgate_port_slot& slot = slots_[port];
        const unsigned block = port >> set_->block_order;
        if (!owned[block] &&
            (slot.state == CTGATE_PORT_MAPPED || slot.state == CTGATE_PORT_RESTING)) {
            set_->blocks[block].host = slot.internal;
            owned.set(block);
        }
    }
    for (unsigned block = 0; block < CTGATE_PORT_WORDS; ++block) {
        std::atomic_ref(set_->blocks[block].state)
            .store(owned[block] ? CTGATE_BLOCK_OWNED : CTGATE_BLOCK_FREE);
    }
}

bool PortMemory::claim(std::uint16_t port) {
    const __u64 bit = __u64{1} << (port % word_bits);
    return (std::atomic_ref(set_->used[port / word_bits]).fetch_or(bit) & bit) == 0;
}

void PortMemory::give_back(std::uint16_t port) {
    std::atomic_ref(set_->used[port / word_bits]).fetch_and(~(__u64{1} << (port % word_bits)));
    std::atomic_ref(set_->freed).fetch_add(1);
}

void PortMemory::set_forwarded(std::uint16_t port, bool forwarded) {
    const __u64 bit = __u64{1} << (port % word_bits);
    std::atomic_ref word(set_->forwarded[port / word_bits]);
    if (forwarded) {
        word.fetch_or(bit);
    } else {
        word.fetch_and(~bit);
    }
}

const ctgate_port_block& PortMemory::block_of(std::uint16_t port) const {
    return set_->blocks[port >> set_->block_order];
}

Ports PortMemory::allowed() const {
    return ports_of(set_->allowed);
}

Ports PortMemory::used() const {
    return ports_of(set_->used);
}

void port_spaces::return_quota(const PortMaps& maps, const PortSpace& space,
                               const ctgate_port_slot& slot) {
    const ctgate_host_key key{.address = slot.internal, .protocol = space.protocol};
    ctgate_host host{};
    if (bpf_map_lookup_elem(maps.hosts, &key, &host) == 0 && host.ports > 0) {
        --host.ports;
        bpf_map_update_elem(maps.hosts, &key, &host, BPF_EXIST);
    }
}

std::vector<PortSpace> port_spaces::all(const PortMaps& maps) {
    std::vector<PortSpace> result;
    ctgate_port_space key{};
    for (const ctgate_port_space* previous = nullptr;
         bpf_map_get_next_key(maps.slots, previous, &key) == 0; previous = &key) {
        result.push_back(space_of(key));
    }
    std::sort(result.begin(), result.end());
    return result;
}

void port_spaces::for_each_block(const PortMaps& maps,
                                 const std::function<void(const OwnedBlock&)>& visit) {
    for (const PortSpace& space : all(maps)) {
        const PortMemory memory(maps, space);
        const unsigned size = 1U << memory.block_order();
        if (memory.block_order() == 0 || memory.blocks_are_computed()) {
            continue;
        }
        for (unsigned first = 0; first < CTGATE_PORTS; first += size) {
            const auto port = static_cast<std::uint16_t>(first);
            const ctgate_port_block& block = memory.block_of(port);
            if (block.state == CTGATE_BLOCK_OWNED || block.state == CTGATE_BLOCK_RELEASING) {
                visit({.space = space,
                       .host = IpAddress{block.host.words[0]},
                       .ports = block_around(port, memory.block_order())});
            }
        }
    }
}

void port_spaces::set(const PortMaps& maps, const PortPlans& wanted) {
    for (const auto& [space, plan] : wanted) {
        const ctgate_port_space key = space.key();
        if (!exists(maps, key)) {
            add(maps, key);
        }
        PortMemory memory(maps, space);
        memory.allow(plan.allowed);
        memory.set_blocks(plan.block_order, plan.computed);
    }
    for (const PortSpace& space : all(maps)) {
        if (!wanted.contains(space)) {
            remove(maps, space.key());
        }
    }
}

bool port_spaces::copy(const PortMaps& from, const PortMaps& to, const PortSpace& space) {
    const ctgate_port_space key = space.key();
    if (!exists(from, key)) {
        return false;
    }
    add(to, key);
    const PortMemory original(from, space);
    PortMemory(to, space).become(original);
    return true;
}

}  // namespace ctgate

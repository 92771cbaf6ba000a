// SPDX-License-Identifier: GPL-2.0-only
#include "control/pinned_forwards.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "control/nat_tables.hpp"
#include "control/netlink.hpp"
#include "control/pinned_map.hpp"

namespace ctgate {
namespace {

// Of all external interfaces; one that is missing has no index yet.
Forwards wanted(const Config& config, const Serving& serving) {
    Netlink netlink;
    Forwards result;
    for (const ExternalInterface& each : serving.external) {
        const auto link = netlink.link(each.name);
        result.merge(forwards_of(config, each, link ? static_cast<unsigned>(link->index) : 0));
    }
    return result;
}

// New lists are there before the forwards that need them, and old ones go after.
void add_lists(int map, const Table<ctgate_access_key, __u32>& lists) {
    for (const auto& [key, value] : lists) {
        if (bpf_map_update_elem(map, &key, &value, BPF_ANY) != 0) {
            throw std::system_error(errno, std::generic_category(),
                                    "Cannot hand the remote prefixes of a port forward to the "
                                    "dataplane");
        }
    }
}

void remove_other_lists(int map, const Table<ctgate_access_key, __u32>& lists) {
    std::vector<ctgate_access_key> unwanted;
    ctgate_access_key key{};
    for (const ctgate_access_key* previous = nullptr;
         bpf_map_get_next_key(map, previous, &key) == 0; previous = &key) {
        if (!lists.contains(key)) {
            unwanted.push_back(key);
        }
    }
    for (const ctgate_access_key& each : unwanted) {
        bpf_map_delete_elem(map, &each);
    }
}

}  // namespace

PinnedForwards::PinnedForwards(const RunDirectory& directory)
    : sets_(open_pinned_map(directory, "port_sets", sizeof(ctgate_port_space), sizeof(__u32))),
      slots_(open_pinned_map(directory, "port_slots", sizeof(ctgate_port_space), sizeof(__u32))),
      sweeps_(bpf_obj_get(directory.pin("sweeps").c_str())),
      mappings_(open_pinned_map(directory, "mappings", sizeof(ctgate_mapping_key),
                                sizeof(ctgate_mapping))),
      hosts_(open_pinned_map(directory, "hosts", sizeof(ctgate_host_key), sizeof(ctgate_host))),
      access_(
          open_pinned_map(directory, "forward_access", sizeof(ctgate_access_key), sizeof(__u32))),
      addresses_(open_pinned_map(directory, "addresses", sizeof(ctgate_address),
                                 sizeof(ctgate_address_use))) {}

void PinnedForwards::set(const Config& config, const Serving& serving) const {
    const auto lists = access_lists(config);
    add_lists(access_.get(), lists);
    forwards::set(port_maps(), wanted(config, serving));
    remove_other_lists(access_.get(), lists);
}

Forwards PinnedForwards::in_force(const Config& config, const Serving& serving) const {
    return forwards::in_force(port_maps(), wanted(config, serving));
}

std::optional<IpAddress> PinnedForwards::one_to_one_host(IpAddress external) const {
    const ctgate_address key = external.to_bytes();
    ctgate_address_use use{};
    if (bpf_map_lookup_elem(addresses_.get(), &key, &use) != 0 ||
        use.role != CTGATE_ADDRESS_ONE_TO_ONE) {
        return std::nullopt;
    }
    return IpAddress{use.internal.words[0]};
}

PortMaps PinnedForwards::port_maps() const {
    return {.sets = sets_.get(),
            .slots = slots_.get(),
            .sweeps = sweeps_.get(),
            .mappings = mappings_.get(),
            .hosts = hosts_.get()};
}

}  // namespace ctgate

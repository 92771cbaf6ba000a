// SPDX-License-Identifier: GPL-2.0-only
#include "control/our_addresses.hpp"

#include <bpf/bpf.h>

#include "control/pinned_map.hpp"

namespace ctgate {

OurAddresses::OurAddresses(const RunDirectory& directory) {
    const FileDescriptor map =
        open_pinned_map(directory, "addresses", sizeof(ctgate_address), sizeof(ctgate_address_use));
    ctgate_address key{};
    for (const ctgate_address* previous = nullptr;
         bpf_map_get_next_key(map.get(), previous, &key) == 0; previous = &key) {
        ctgate_address_use use{};
        if (bpf_map_lookup_elem(map.get(), &key, &use) == 0 &&
            (use.role == CTGATE_ADDRESS_EXTERNAL || use.role == CTGATE_ADDRESS_ONE_TO_ONE)) {
            addresses_.insert(IpAddress{key.words[0]});
        }
    }
}

bool OurAddresses::has(const SessionView& seen) const {
    return seen.external && addresses_.contains(seen.external->address);
}

}  // namespace ctgate

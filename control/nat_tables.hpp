// SPDX-License-Identifier: GPL-2.0-only
// The configured NAT behaviour as the dataplane reads it (include/ctgate/behaviour.h).
#pragma once

#include <cstring>
#include <map>

#include "control/config.hpp"
#include "ctgate/behaviour.h"

namespace ctgate {

struct Bytewise {
    template <typename Key>
    bool operator()(const Key& one, const Key& other) const {
        return std::memcmp(&one, &other, sizeof(one)) < 0;
    }
};

// Contents of a map of the dataplane whose keys have no order of their own.
template <typename Key, typename Value>
using Table = std::map<Key, Value, Bytewise>;

struct NatTables {
    ctgate_settings settings{};
    Table<ctgate_behaviour_key, ctgate_behaviour> behaviours;
    Table<ctgate_access_key, __u32> access;
    Table<ctgate_prefix, __u32> exemptions;
    Table<ctgate_address, ctgate_address> one_to_one;  // internal -> external
};

// The list of remote addresses of the n-th --forward; 0: open to all.
__u32 access_number(const Config& config, std::size_t forward);

// All those lists.
Table<ctgate_access_key, __u32> access_lists(const Config& config);

NatTables nat_tables(const Config& config);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/session_records.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace ctgate {
namespace {

constexpr __u32 first_batch = 4096;
constexpr __u32 largest_batch = 1U << 20;

}  // namespace

// The kernel gives whole buckets of the hash, and ENOSPC when one has more than there is room for.
void for_each_record(
    int map,
    const std::function<void(const ctgate_cache_key&, const ctgate_cache_record&)>& visit) {
    std::vector<ctgate_cache_key> keys(first_batch);
    std::vector<ctgate_cache_record> records(first_batch);
    __u32 position = 0;
    for (bool begun = false, ended = false; !ended;) {
        auto count = static_cast<__u32>(keys.size());
        if (bpf_map_lookup_batch(map, begun ? &position : nullptr, &position, keys.data(),
                                 records.data(), &count, nullptr) != 0) {
            if (errno == ENOSPC && keys.size() < largest_batch) {
                keys.resize(2 * keys.size());
                records.resize(keys.size());
                continue;
            }
            if (errno != ENOENT) {
                throw std::system_error(errno, std::generic_category(),
                                        "Cannot read the session cache of the dataplane");
            }
            ended = true;
        }
        begun = true;
        for (__u32 i = 0; i < count; ++i) {
            visit(keys[i], records[i]);
        }
    }
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// What a hash of the dataplane holds at this moment, and a hash of our own that begins with that.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

namespace ctgate {

template <typename Key, typename Value>
class MapCopy {
  public:
    // Those entries of the map `from` that `wanted(key)`, and perhaps others. `name`: for messages.
    template <typename Wanted>
    MapCopy(int from, const char* name, std::uint32_t most_entries, Wanted wanted);

    // Before the map is loaded: a plain hash, for these and for few more; for none more where the
    // original is full.
    void size(bpf_map* map) const;
    // Afterwards.
    void write(const bpf_map* map) const;

    const std::vector<std::pair<Key, Value>>& entries() const { return entries_; }

  private:
    std::vector<std::pair<Key, Value>> entries_;
    bool full_ = false;
};

template <typename Key, typename Value>
template <typename Wanted>
MapCopy<Key, Value>::MapCopy(int from, const char* name, std::uint32_t most_entries,
                             Wanted wanted) {
    constexpr __u32 at_once = 4096;  // no bucket of the kernel's has as many
    std::vector<Key> keys(at_once);
    std::vector<Value> values(at_once);
    __u32 position = 0;
    std::uint64_t seen = 0;
    int error = 0;
    for (void* begin = nullptr; error == 0; begin = &position) {
        __u32 count = at_once;
        error = bpf_map_lookup_batch(from, begin, &position, keys.data(), values.data(), &count,
                                     nullptr) == 0
                    ? 0
                    : errno;
        if (error != 0 && error != ENOENT) {
            throw std::system_error(error, std::generic_category(),
                                    fmt::format("Cannot read the map '{}' of the dataplane", name));
        }
        for (__u32 i = 0; i < count; ++i, ++seen) {
            if (seen == 0 || wanted(keys[i])) {  // any one, so that a full one can be full
                entries_.emplace_back(keys[i], values[i]);
            }
        }
    }
    full_ = seen >= most_entries;
}

template <typename Key, typename Value>
void MapCopy<Key, Value>::size(bpf_map* map) const {
    constexpr std::size_t room = 64;
    const std::size_t entries = entries_.size() + (full_ ? 0 : room);
    bpf_map__set_type(map, BPF_MAP_TYPE_HASH);
    bpf_map__set_map_flags(map, BPF_F_NO_PREALLOC);
    bpf_map__set_max_entries(map, static_cast<__u32>(std::max<std::size_t>(entries, 1)));
}

template <typename Key, typename Value>
void MapCopy<Key, Value>::write(const bpf_map* map) const {
    for (const auto& [key, value] : entries_) {
        if (bpf_map_update_elem(bpf_map__fd(map), &key, &value, BPF_ANY) != 0) {
            throw std::system_error(
                errno, std::generic_category(),
                fmt::format("Cannot copy into a map like '{}'", bpf_map__name(map)));
        }
    }
}

}  // namespace ctgate

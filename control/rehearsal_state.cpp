// SPDX-License-Identifier: GPL-2.0-only
#include "control/rehearsal_state.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace ctgate {
namespace {

bool is(const ctgate_address& one, IpAddress other) {
    const ctgate_address bytes = other.to_bytes();
    return std::memcmp(&one, &bytes, sizeof(one)) == 0;
}

template <typename Key, typename Value, typename Wanted>
MapCopy<Key, Value> copy_of(const RunDirectory& directory, const char* name,
                            std::uint32_t most_entries, Wanted wanted) {
    const FileDescriptor map = open_pinned_map(directory, name, sizeof(Key), sizeof(Value));
    return {map.get(), name, most_entries, wanted};
}

bpf_map* map_in(const bpf_object* object, const char* name) {
    bpf_map* map = bpf_object__find_map_by_name(object, name);
    if (map == nullptr) {
        throw std::logic_error(fmt::format("The BPF object has no map '{}'", name));
    }
    return map;
}

ctgate_cache_key cache_key_of(const RehearsedPacket& packet) {
    return {.source = packet.source.address.v4,
            .destination = packet.destination.address.v4,
            .source_port = htons(packet.source.port),
            .destination_port = htons(packet.destination.port),
            .arrival = CTGATE_ARRIVAL(packet.protocol, static_cast<__u32>(packet.arrival.index))};
}

std::optional<ctgate_cache_record> find_record(int map, const ctgate_cache_key& key) {
    ctgate_cache_record record{};
    return bpf_map_lookup_elem(map, &key, &record) == 0 ? std::optional(record) : std::nullopt;
}

constexpr __u32 few = 16;

}  // namespace

RehearsalState::RehearsalState(const RunDirectory& directory, int session_cache,
                               const RehearsedPacket& packet, const ctgate_settings& settings)
    : sets_(open_pinned_map(directory, "port_sets", sizeof(ctgate_port_space), sizeof(__u32))),
      slots_(open_pinned_map(directory, "port_slots", sizeof(ctgate_port_space), sizeof(__u32))),
      host_key_{.address = packet.source.address.to_bytes(), .protocol = packet.protocol},
      cache_key_(cache_key_of(packet)),
      record_(find_record(session_cache, cache_key_)),
      mappings_(copy_of<ctgate_mapping_key, ctgate_mapping>(
          directory, "mappings", CTGATE_MAX_MAPPINGS,
          [&](const ctgate_mapping_key& key) {
              return is(key.address, packet.source.address) &&
                     ntohs(key.port) == packet.source.port && key.protocol == packet.protocol;
          })),
      hosts_(copy_of<ctgate_host_key, ctgate_host>(
          directory, "hosts", ~0U,
          [&](const ctgate_host_key& key) { return key.protocol == packet.protocol; })),
      places_(copy_of<ctgate_place, ctgate_tenant>(directory, "places", CTGATE_MAX_MAPPINGS,
                                                   [&](const ctgate_place& key) {
                                                       return settings.max_sessions_per_host != 0 &&
                                                              key.protocol == packet.protocol;
                                                   })),
      placed_(copy_of<ctgate_tuple, ctgate_place>(directory, "placed", CTGATE_MAX_MAPPINGS,
                                                  [&](const ctgate_tuple& key) {
                                                      return settings.max_sessions_per_host != 0 &&
                                                             key.protocol == packet.protocol;
                                                  })),
      contacts_(copy_of<ctgate_contact, __u32>(
          directory, "contacts", ~0U, [&](const ctgate_contact& key) {
              return is(key.external, packet.destination.address) &&
                     ntohs(key.port) == packet.destination.port && key.protocol == packet.protocol;
          })) {}

void RehearsalState::size(const bpf_object* object) const {
    mappings_.size(map_in(object, "mappings"));
    hosts_.size(map_in(object, "hosts"));
    places_.size(map_in(object, "places"));
    placed_.size(map_in(object, "placed"));
    contacts_.size(map_in(object, "contacts"));
    bpf_map* cache = map_in(object, "session_cache");
    bpf_map__set_type(cache, BPF_MAP_TYPE_HASH);
    bpf_map__set_max_entries(cache, few);
}

void RehearsalState::write(const bpf_object* object, const std::set<PortSpace>& spaces) const {
    mappings_.write(map_in(object, "mappings"));
    hosts_.write(map_in(object, "hosts"));
    places_.write(map_in(object, "places"));
    placed_.write(map_in(object, "placed"));
    contacts_.write(map_in(object, "contacts"));
    if (record_) {
        const int cache = bpf_map__fd(map_in(object, "session_cache"));
        bpf_map_update_elem(cache, &cache_key_, &*record_, BPF_ANY);
    }
    const PortMaps theirs = {
        .sets = sets_.get(), .slots = slots_.get(), .sweeps = -1, .mappings = -1, .hosts = -1};
    const PortMaps ours = {.sets = bpf_map__fd(map_in(object, "port_sets")),
                           .slots = bpf_map__fd(map_in(object, "port_slots")),
                           .sweeps = -1,
                           .mappings = -1,
                           .hosts = -1};
    for (const PortSpace& space : spaces) {
        port_spaces::copy(theirs, ours, space);
    }
}

std::optional<ctgate_cache_record> RehearsalState::record_in(const bpf_object* object) const {
    return find_record(bpf_map__fd(map_in(object, "session_cache")), cache_key_);
}

std::optional<ctgate_host> RehearsalState::host() const {
    const auto& rows = hosts_.entries();
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& each) {
        return std::memcmp(&each.first, &host_key_, sizeof(host_key_)) == 0;
    });
    return row == rows.end() ? std::nullopt : std::optional(row->second);
}

std::vector<std::string> copied_maps() {
    return {"port_sets", "port_slots", "mappings", "hosts",
            "places",    "placed",     "contacts", "session_cache"};
}

}  // namespace ctgate

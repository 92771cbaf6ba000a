// SPDX-License-Identifier: GPL-2.0-only
#include "control/dataplane.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <system_error>

#include "control/pinned_map.hpp"
#include "ctgate.skel.h"
#include "ctgate/session_cache.h"
#include "xdp.skel.h"

namespace ctgate {
namespace {

using Object = std::unique_ptr<ctgate_bpf, void (*)(ctgate_bpf*)>;

// What libbpf says while this object lives; of a long verifier log the end, where the reason is.
class LibbpfWords {
  public:
    LibbpfWords() : before_(libbpf_set_print(&print)) { text().clear(); }
    ~LibbpfWords() { libbpf_set_print(before_); }
    LibbpfWords(const LibbpfWords&) = delete;
    LibbpfWords& operator=(const LibbpfWords&) = delete;

    static std::string tail() {
        constexpr std::size_t enough = 2000;
        const std::string& all = text();
        return all.size() <= enough ? all : "..." + all.substr(all.size() - enough);
    }

  private:
    static std::string& text() {
        static std::string words;
        return words;
    }
    static int print(libbpf_print_level level, const char* format, va_list arguments) {
        if (level == LIBBPF_WARN) {
            char* line = nullptr;
            if (::vasprintf(&line, format, arguments) >= 0) {
                text() += line;
                ::free(line);
            }
        }
        return 0;
    }

    libbpf_print_fn_t before_;
};

Object open_object(const bpf_object_open_opts* options) {
    Object object(ctgate_bpf__open_opts(options), &ctgate_bpf__destroy);
    if (!object) {
        throw std::system_error(errno, std::generic_category(), "Cannot open the BPF object");
    }
    return object;
}

// What is to stay is written before what is to go is deleted: nothing is missing in between.
template <typename Entries>
void replace(const bpf_map* map, const Entries& entries) {
    using Key = typename Entries::key_type;
    const int fd = bpf_map__fd(map);
    for (const auto& [key, value] : entries) {
        if (bpf_map_update_elem(fd, &key, &value, BPF_ANY) != 0) {
            throw std::system_error(
                errno, std::generic_category(),
                fmt::format("Cannot write into the map '{}' of the dataplane", bpf_map__name(map)));
        }
    }
    std::vector<Key> unwanted;
    Key key{};
    for (const Key* previous = nullptr; bpf_map_get_next_key(fd, previous, &key) == 0;
         previous = &key) {
        if (!entries.contains(key)) {
            unwanted.push_back(key);
        }
    }
    for (const Key& each : unwanted) {
        bpf_map_delete_elem(fd, &each);
    }
}

// Two records for each, one for each direction.
void size_session_cache(bpf_map* map, std::uint64_t sessions) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max() / 4;
    bpf_map__set_max_entries(map, static_cast<__u32>(2 * std::min(sessions, most)));
}

__u32 cache_ticks() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return CTGATE_CACHE_TICKS(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()));
}

// Deletes the entries for which `unwanted(key, value)`.
template <typename Key, typename Value, typename Unwanted>
void prune(const bpf_map* map, Unwanted unwanted) {
    const int fd = bpf_map__fd(map);
    std::vector<Key> found;
    Key key{};
    for (const Key* previous = nullptr; bpf_map_get_next_key(fd, previous, &key) == 0;
         previous = &key) {
        Value value{};
        if (bpf_map_lookup_elem(fd, &key, &value) == 0 && unwanted(key, value)) {
            found.push_back(key);
        }
    }
    for (const Key& each : found) {
        bpf_map_delete_elem(fd, &each);
    }
}

}  // namespace

bool Dataplane::left_behind(const RunDirectory& directory) {
    return ::access(directory.pin("pools").c_str(), F_OK) == 0;
}

std::vector<std::string> Dataplane::called_functions() {
    const Object object = open_object(nullptr);
    const btf* types = bpf_object__btf(object->obj);
    std::vector<std::string> names;
    for (__u32 id = 1; id < btf__type_cnt(types); ++id) {
        const btf_type* type = btf__type_by_id(types, id);
        const std::string name = btf__name_by_offset(types, type->name_off);
        // Opening has made them look like functions of our own, which have no such names.
        if (btf_is_func(type) && name.starts_with("bpf_")) {
            names.push_back(name);
        }
    }
    return names;
}

Dataplane::Dataplane(const RunDirectory& directory, std::uint32_t accepted_mark,
                     std::uint64_t sessions)
    : object_(nullptr, &ctgate_bpf__destroy), xdp_(nullptr, &xdp_bpf__destroy) {
    const LibbpfWords words;
    const std::string pins = directory.pins();
    LIBBPF_OPTS(bpf_object_open_opts, options);
    options.pin_root_path = pins.c_str();
    object_ = open_object(&options);
    object_->rodata->accepted_mark = accepted_mark;
    std::random_device random;
    for (__u32& word : object_->rodata->short_path_seal) {
        word = random();
    }
    if (sessions != 0) {
        size_session_cache(object_->maps.session_cache, sessions);
    }
    const bool taking_over = left_behind(directory);
    if (const int error = ctgate_bpf__load(object_.get()); error != 0) {
        throw std::runtime_error(fmt::format(
            "Cannot load the BPF programs ({}){}:\n{}", std::generic_category().message(-error),
            taking_over ? "; if the maps of an earlier version do not fit, 'ctgate down' removes "
                          "them"
                        : "",
            words.tail()));
    }
}

void Dataplane::set_pools(const std::map<int, ctgate_pool>& pools) {
    replace(object_->maps.pools, pools);
}

void Dataplane::set_internal(const std::map<int, ctgate_link>& links) {
    std::map<int, __u32> members(links.begin(), links.end());
    replace(object_->maps.internal_interfaces, members);
}

void Dataplane::set_addresses(const AddressUses& uses) {
    Table<ctgate_address, ctgate_address_use> entries;
    for (const auto& [address, use] : uses) {
        entries.emplace(address.to_bytes(), use);
    }
    replace(object_->maps.addresses, entries);
}

void Dataplane::set_ports(const PortPlans& ports) {
    port_spaces::set(port_maps(), ports);
}

void Dataplane::set_forwards(const Forwards& forwards) {
    forwards::set(port_maps(), forwards);
}

void Dataplane::set_nat(NatTables tables) {
    tables.settings.cache_valid_from = cache_ticks();
    replace(object_->maps.configuration, std::map<__u32, ctgate_settings>{{0, tables.settings}});
    const __u32 limit = tables.settings.max_sessions_per_host;
    prune<ctgate_place, ctgate_tenant>(
        object_->maps.places,
        [&](const ctgate_place& place, const ctgate_tenant&) { return place.number >= limit; });
    prune<ctgate_tuple, ctgate_place>(
        object_->maps.placed,
        [&](const ctgate_tuple&, const ctgate_place& place) { return place.number >= limit; });
    replace(object_->maps.behaviours, tables.behaviours);
    replace(object_->maps.forward_access, tables.access);
    replace(object_->maps.exemptions, tables.exemptions);
    replace(object_->maps.one_to_one, tables.one_to_one);
}

PortMaps Dataplane::port_maps() const {
    return {.sets = bpf_map__fd(object_->maps.port_sets),
            .slots = bpf_map__fd(object_->maps.port_slots),
            .sweeps = bpf_map__fd(object_->maps.sweeps),
            .mappings = bpf_map__fd(object_->maps.mappings),
            .hosts = bpf_map__fd(object_->maps.hosts)};
}

int Dataplane::ingress_program(Side side, bool ethernet) const {
    const auto& programs = object_->progs;
    const bpf_program* program = side == Side::internal
                                     ? (ethernet ? programs.internal_l2 : programs.internal_l3)
                                     : (ethernet ? programs.external_l2 : programs.external_l3);
    return bpf_program__fd(program);
}

int Dataplane::egress_program() const {
    return bpf_program__fd(object_->progs.external_egress);
}

int Dataplane::xdp_program() {
    if (!xdp_) {
        const LibbpfWords words;
        decltype(xdp_) fresh(xdp_bpf__open(), &xdp_bpf__destroy);
        if (!fresh) {
            throw std::system_error(errno, std::generic_category(), "Cannot open the BPF object");
        }
        bpf_map* map = nullptr;
        bpf_object__for_each_map(map, fresh->obj) {
            const bpf_map* shared = bpf_object__find_map_by_name(object_->obj, bpf_map__name(map));
            bpf_map__set_pin_path(map, nullptr);
            if (shared != nullptr) {
                bpf_map__reuse_fd(map, bpf_map__fd(shared));
            }
        }
        if (const int error = xdp_bpf__load(fresh.get()); error != 0) {
            throw std::runtime_error(fmt::format("Cannot load the BPF program for XDP ({}):\n{}",
                                                 std::generic_category().message(-error),
                                                 words.tail()));
        }
        xdp_ = std::move(fresh);
    }
    return bpf_program__fd(xdp_->progs.short_path);
}

Dataplane::CacheSize Dataplane::session_cache() const {
    const bpf_map* map = object_->maps.session_cache;
    return {.sessions = bpf_map__max_entries(map) / 2, .bytes = map_memory(bpf_map__fd(map))};
}

int Dataplane::session_cache_map() const {
    return bpf_map__fd(object_->maps.session_cache);
}

}  // namespace ctgate

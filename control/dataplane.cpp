// SPDX-License-Identifier: GPL-2.0-only
#include "control/dataplane.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/functional/hash.hpp>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <limits>
#include <random>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "control/libbpf_words.hpp"
#include "control/pinned_map.hpp"
#include "control/staging.hpp"
#include "ctgate.skel.h"
#include "ctgate/session_cache.h"
#include "xdp.skel.h"

namespace ctgate {
namespace {

using Object = std::unique_ptr<ctgate_bpf, void (*)(ctgate_bpf*)>;

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

// By the dataplane's own clock, which is never ahead of it.
__u32 cache_ticks() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return CTGATE_CACHE_TICKS(static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                              static_cast<std::uint64_t>(now.tv_nsec));
}

// Of the objects, and of all that is settled when they are loaded.
std::uint64_t make_of(std::uint32_t accepted_mark, std::uint64_t sessions) {
    std::size_t make = 0;
    for (const auto elf_bytes : {ctgate_bpf__elf_bytes, xdp_bpf__elf_bytes}) {
        std::size_t size = 0;
        const char* bytes = static_cast<const char*>(elf_bytes(&size));
        boost::hash_combine(make, std::string_view(bytes, size));
    }
    boost::hash_combine(make, accepted_mark);
    boost::hash_combine(make, sessions);
    return make;
}

FileDescriptor copy_of(int descriptor) {
    FileDescriptor copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
    if (!copy) {
        throw std::system_error(errno, std::generic_category(), "Cannot keep the BPF programs");
    }
    return copy;
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

Dataplane::Dataplane() : object_(nullptr, &ctgate_bpf__destroy), pinned_(0) {}

void Dataplane::try_out() {
    Dataplane trial;
    {
        const LibbpfWords words;
        trial.object_ = open_object(nullptr);
        bpf_map* map = nullptr;
        bpf_object__for_each_map(map, trial.object_->obj) {
            bpf_map__set_pin_path(map, nullptr);
        }
        size_session_cache(trial.object_->maps.session_cache, 1);
        if (const int error = ctgate_bpf__load(trial.object_.get()); error != 0) {
            throw std::runtime_error(
                fmt::format("The kernel does not take the BPF programs ({}):\n{}",
                            std::generic_category().message(-error), words.tail()));
        }
    }
    trial.load_xdp();
}

Dataplane::Dataplane(const RunDirectory& directory, std::uint32_t accepted_mark,
                     std::uint64_t sessions)
    : object_(nullptr, &ctgate_bpf__destroy), pinned_(make_of(accepted_mark, sessions)) {
    LIBBPF_OPTS(bpf_object_open_opts, options);
    const std::string pins = directory.pins();
    options.pin_root_path = pins.c_str();
    object_ = open_object(&options);
    object_->rodata->accepted_mark = accepted_mark;
    if (sessions != 0) {
        size_session_cache(object_->maps.session_cache, sessions);
    }
    changes_ = map_layout::changes(object_->obj, directory);
    anew_ = map_layout::begin_anew(changes_);
    interrupted_ = staging::is_left(directory);
    for (const std::string& name : anew_) {
        bpf_map__set_pin_path(bpf_object__find_map_by_name(object_->obj, name.c_str()), nullptr);
    }
    if (!anew_.empty() || !take_over(directory)) {
        load();
    }
}

// The maps that are pinned are those with which the pinned programs were loaded.
bool Dataplane::take_over(const RunDirectory& directory) {
    std::map<std::string, FileDescriptor> found;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object_->obj) {
        const std::string name = bpf_program__name(program);
        found[name] = pinned_.find(directory, name);
    }
    const std::string cache = bpf_map__name(object_->maps.session_cache);
    found[cache] = pinned_.find(directory, cache);
    if (!std::all_of(found.begin(), found.end(),
                     [](const auto& each) { return static_cast<bool>(each.second); })) {
        return false;
    }
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object_->obj) {
        if (const char* pin = bpf_map__pin_path(map)) {
            const FileDescriptor pinned(bpf_obj_get(pin));
            if (!pinned || bpf_map__reuse_fd(map, pinned.get()) != 0) {
                return false;
            }
        }
    }
    if (bpf_map__reuse_fd(object_->maps.session_cache, found[cache].get()) != 0) {
        return false;
    }
    programs_ = std::move(found);
    return true;
}

void Dataplane::load() {
    const LibbpfWords words;
    std::random_device random;
    for (__u32& word : object_->rodata->short_path_seal) {
        word = random();
    }
    if (const int error = ctgate_bpf__load(object_.get()); error != 0) {
        throw std::runtime_error(fmt::format("Cannot load the BPF programs ({}):\n{}",
                                             std::generic_category().message(-error),
                                             words.tail()));
    }
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object_->obj) {
        programs_[bpf_program__name(program)] = copy_of(bpf_program__fd(program));
    }
    programs_[bpf_map__name(object_->maps.session_cache)] =
        copy_of(bpf_map__fd(object_->maps.session_cache));
    fresh_ = true;
}

int Dataplane::map(const std::string& name) const {
    return bpf_object__find_map_fd_by_name(object_->obj, name.c_str());
}

FileDescriptor Dataplane::share_map(const std::string& name) const {
    return copy_of(map(name));
}

std::map<std::string, int> Dataplane::programs() const {
    std::map<std::string, int> all;
    for (const auto& [name, descriptor] : programs_) {
        all.emplace(name, descriptor.get());
    }
    return all;
}

// Timers that run call the programs that set them, for ever.
void Dataplane::hand_over_sweeps() const {
    constexpr std::size_t shortest_frame = 64;
    std::array<char, shortest_frame> frame{};
    const int sweeps = bpf_map__fd(object_->maps.sweeps);
    ctgate_port_space space{};
    static_assert(sizeof(space) <= shortest_frame);
    for (const ctgate_port_space* previous = nullptr;
         bpf_map_get_next_key(sweeps, previous, &space) == 0; previous = &space) {
        LIBBPF_OPTS(bpf_test_run_opts, options);
        std::memcpy(frame.data(), &space, sizeof(space));
        options.data_in = frame.data();
        options.data_size_in = frame.size();
        const int error = bpf_prog_test_run_opts(programs_.at("take_over_sweep").get(), &options);
        if (error != 0) {
            throw std::system_error(errno, std::generic_category(),
                                    "Cannot hand the timers of the ports over");
        }
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

std::vector<DisplacedMapping> Dataplane::set_forwards(const Forwards& forwards) {
    return forwards::set(port_maps(), forwards);
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
    const char* name = side == Side::internal ? (ethernet ? "internal_l2" : "internal_l3")
                                              : (ethernet ? "external_l2" : "external_l3");
    return programs_.at(name).get();
}

int Dataplane::egress_program() const {
    return programs_.at("external_egress").get();
}

int Dataplane::xdp_program(const RunDirectory& directory) {
    constexpr const char* name = "short_path";
    if (!programs_.contains(name)) {
        FileDescriptor pinned = fresh_ ? FileDescriptor() : pinned_.find(directory, name);
        programs_[name] = pinned ? std::move(pinned) : load_xdp();
    }
    return programs_.at(name).get();
}

FileDescriptor Dataplane::load_xdp() const {
    const LibbpfWords words;
    const std::unique_ptr<xdp_bpf, void (*)(xdp_bpf*)> object(xdp_bpf__open(), &xdp_bpf__destroy);
    if (!object) {
        throw std::system_error(errno, std::generic_category(), "Cannot open the BPF object");
    }
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object->obj) {
        const bpf_map* shared = bpf_object__find_map_by_name(object_->obj, bpf_map__name(map));
        bpf_map__set_pin_path(map, nullptr);
        if (shared != nullptr) {
            bpf_map__reuse_fd(map, bpf_map__fd(shared));
        }
    }
    if (const int error = xdp_bpf__load(object.get()); error != 0) {
        throw std::runtime_error(fmt::format("Cannot load the BPF program for XDP ({}):\n{}",
                                             std::generic_category().message(-error),
                                             words.tail()));
    }
    return copy_of(bpf_program__fd(object->progs.short_path));
}

Dataplane::CacheSize Dataplane::session_cache() const {
    const bpf_map* map = object_->maps.session_cache;
    return {.sessions = bpf_map__max_entries(map) / 2, .bytes = map_memory(bpf_map__fd(map))};
}

}  // namespace ctgate

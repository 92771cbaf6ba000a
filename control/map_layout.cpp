// SPDX-License-Identifier: GPL-2.0-only
#include "control/map_layout.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>

#include "control/fd.hpp"
#include "control/map_types.hpp"

namespace ctgate::map_layout {
namespace {

// What is known of mappings and sessions.
constexpr std::array<std::string_view, 8> of_mappings = {
    "port_sets", "port_slots", "sweeps", "mappings", "contacts", "hosts", "places", "placed"};

std::optional<bpf_map_info> info_of(int map) {
    bpf_map_info info{};
    __u32 length = sizeof(info);
    return bpf_obj_get_info_by_fd(map, &info, &length) == 0 ? std::optional(info) : std::nullopt;
}

// Empty: none.
std::string difference(const bpf_map* wanted, const bpf_map_info& found) {
    std::vector<std::string> how;
    const auto compare = [&](const char* words, std::uint64_t before, std::uint64_t now) {
        if (before != now) {
            how.push_back(fmt::format(fmt::runtime(words), before, now));
        }
    };
    compare("type {}, now {}", found.type, bpf_map__type(wanted));
    compare("keys of {} bytes, now {}", found.key_size, bpf_map__key_size(wanted));
    compare("values of {} bytes, now {}", found.value_size, bpf_map__value_size(wanted));
    compare("{} entries, now {}", found.max_entries, bpf_map__max_entries(wanted));
    compare("flags {:#x}, now {:#x}", found.map_flags, bpf_map__map_flags(wanted));
    return fmt::to_string(fmt::join(how, ", "));
}

// One of the maps in a map of maps; empty: there is none.
FileDescriptor first_inner(int outer, const bpf_map_info& info) {
    std::vector<char> key(info.key_size);
    __u32 id = 0;
    if (bpf_map_get_next_key(outer, nullptr, key.data()) != 0 ||
        bpf_map_lookup_elem(outer, key.data(), &id) != 0) {
        return {};
    }
    return FileDescriptor(bpf_map_get_fd_by_id(id));
}

std::string difference(const btf* types, bpf_map* wanted, const FileDescriptor& pinned) {
    const auto found = info_of(pinned.get());
    if (!found) {
        return {};
    }
    std::string how = difference(wanted, *found);
    const bpf_map* inner = bpf_map__inner_map(wanted);
    if (how.empty() && inner != nullptr) {
        const FileDescriptor first = first_inner(pinned.get(), *found);
        const auto found_inner = first ? info_of(first.get()) : std::nullopt;
        return found_inner ? difference(inner, *found_inner) : "";
    }
    if (how.empty() && !map_types::are_same(types, wanted, *found)) {
        how = "other fields";
    }
    return how;
}

}  // namespace

std::vector<Change> changes(const bpf_object* object, const RunDirectory& directory) {
    std::vector<Change> result;
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object) {
        if (bpf_map__pin_path(map) == nullptr) {
            continue;
        }
        const std::string name = bpf_map__name(map);
        const FileDescriptor pinned(bpf_obj_get(directory.pin(name).c_str()));
        std::string how = pinned ? difference(bpf_object__btf(object), map, pinned) : "";
        if (!how.empty()) {
            result.push_back({name, std::move(how)});
        }
    }
    return result;
}

std::vector<std::string> begin_anew(const std::vector<Change>& changes) {
    const auto is_changed = [&](std::string_view map) {
        return std::any_of(changes.begin(), changes.end(),
                           [&](const Change& each) { return each.map == map; });
    };
    std::vector<std::string> result;
    result.reserve(changes.size() + of_mappings.size());
    if (std::any_of(of_mappings.begin(), of_mappings.end(), is_changed)) {
        for (const std::string_view map : of_mappings) {
            if (!is_changed(map)) {
                result.emplace_back(map);
            }
        }
    }
    std::transform(changes.begin(), changes.end(), std::back_inserter(result),
                   [](const Change& each) { return each.map; });
    return result;
}

}  // namespace ctgate::map_layout

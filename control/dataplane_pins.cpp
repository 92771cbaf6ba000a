// SPDX-License-Identifier: GPL-2.0-only
// The dataplane's pins: what an earlier run has pinned gives way, once the programs are attached.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "control/dataplane.hpp"
#include "control/staging.hpp"
#include "ctgate.skel.h"

namespace ctgate {

void Dataplane::stage(const RunDirectory& directory) const {
    if (!anew_.empty()) {
        staging::clear(directory);
    }
    for (const std::string& name : anew_) {
        staging::pin(directory, name, map(name));
    }
}

// The programs' pins come after: whoever finds those takes the maps for theirs.
void Dataplane::keep(const RunDirectory& directory) {
    replace_pins(directory);
    pinned_.keep(directory, programs());
    if (fresh_) {
        hand_over_sweeps();
        fresh_ = false;
    }
}

void Dataplane::replace_pins(const RunDirectory& directory) {
    for (const std::string& name : anew_) {
        staging::replace(directory, name);
        bpf_map__set_pin_path(bpf_object__find_map_by_name(object_->obj, name.c_str()),
                              directory.pin(name).c_str());
    }
    anew_.clear();
    if (interrupted_) {
        staging::clear(directory);
        interrupted_ = false;
    }
}

bool Dataplane::is_pinned(const RunDirectory& directory) const {
    const bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object_->obj) {
        const char* pin = bpf_map__pin_path(map);
        if (pin != nullptr && ::access(pin, F_OK) != 0) {
            return false;
        }
    }
    return std::all_of(programs_.begin(), programs_.end(),
                       [&](const auto& each) { return pinned_.has(directory, each.first); });
}

void Dataplane::pin(const RunDirectory& directory) const {
    const bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object_->obj) {
        const char* pin = bpf_map__pin_path(map);
        if (pin != nullptr && bpf_obj_pin(bpf_map__fd(map), pin) != 0 && errno != EEXIST) {
            throw std::system_error(
                errno, std::generic_category(),
                fmt::format("Cannot pin the map '{}' of the dataplane", bpf_map__name(map)));
        }
    }
    pinned_.keep(directory, programs());
}

void Dataplane::pin_session_cache(const RunDirectory& directory) const {
    const std::string fresh = directory.pin("session_cache_new");
    ::unlink(fresh.c_str());  // of a run that was killed here
    if (bpf_obj_pin(bpf_map__fd(object_->maps.session_cache), fresh.c_str()) != 0 ||
        std::rename(fresh.c_str(), directory.pin("session_cache").c_str()) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot pin the session cache");
    }
}

}  // namespace ctgate

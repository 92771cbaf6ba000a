// SPDX-License-Identifier: GPL-2.0-only
// Whether the maps that an earlier run has pinned are laid out as this version wants them, and
// which begin anew when they are not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/run_directory.hpp"

struct bpf_object;

namespace ctgate::map_layout {

struct Change {
    std::string map;
    std::string how;  // "values of 24 bytes, now 20"
};

// Of the pinned maps of an object that is open but not loaded. Type, sizes, flags and the types of
// keys and values count, for maps of maps those of the inner ones. A map that is missing is no
// change.
std::vector<Change> changes(const bpf_object* object, const RunDirectory& directory);

// Maps that begin anew when these do: what is known of mappings is in several maps, which are kept
// together or not at all. The changed ones come last: if pins are replaced in this order, whoever
// finds it half done finds a change.
std::vector<std::string> begin_anew(const std::vector<Change>& changes);

}  // namespace ctgate::map_layout

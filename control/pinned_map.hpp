// SPDX-License-Identifier: GPL-2.0-only
// The dataplane's maps as another process finds them: by their pins.
#pragma once

#include <cstddef>
#include <cstdint>

#include "control/fd.hpp"
#include "control/run_directory.hpp"
#include "ctgate/behaviour.h"

namespace ctgate {

// Sizes in bytes, of what a map holds. Throws std::system_error when it cannot be opened, and
// std::runtime_error when the running dataplane is of a version that keeps something else in it.
FileDescriptor open_pinned_map(const RunDirectory& directory, const char* name,
                               std::size_t key_size, std::size_t value_size);

// Bytes of kernel memory that a map takes, as the kernel says.
std::uint64_t map_memory(int map);

// Throws as above.
ctgate_settings settings_in_force(const RunDirectory& directory);
// In the map `configuration`.
ctgate_settings settings_in(int map);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// The numbers by which one network namespace knows others (as `ip netns list-id` shows them).
#pragma once

#include <cstdint>

#include "control/fd.hpp"

namespace ctgate::netns {

// Are both descriptors the same namespace?
bool same(const FileDescriptor& one, const FileDescriptor& other);

// The number of `ns` as seen from the current namespace. Where it has none yet the kernel chooses
// one; it stays until either namespace ends, for the kernel offers no way to take it back.
std::int32_t id_of(const FileDescriptor& ns);

}  // namespace ctgate::netns

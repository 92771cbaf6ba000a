// SPDX-License-Identifier: GPL-2.0-only
// What an interface's driver can do in XDP, as the kernel says (since 6.3).
#pragma once

#include <cstdint>
#include <optional>

namespace ctgate::xdp {

// Of include/uapi/linux/netdev.h (enum netdev_xdp_act).
inline constexpr std::uint64_t runs_programs = 1;
inline constexpr std::uint64_t redirects = 2;     // from this interface
inline constexpr std::uint64_t takes_frames = 4;  // that are redirected to it

// Bits of these; nullopt: the kernel does not say.
std::optional<std::uint64_t> features(int ifindex);

}  // namespace ctgate::xdp

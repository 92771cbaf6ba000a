// SPDX-License-Identifier: GPL-2.0-only
// What an interface leaves to hardware, or does for several packets at once (ethtool -k).
#pragma once

#include <optional>
#include <string>

namespace ctgate {

struct Offloads {
    bool lro = false;  // merges received packets for good: they cannot be forwarded as they came
    bool gro = false;  // merges them so that they can be taken apart again
};

// nullopt: there is no such interface, or it does not say.
std::optional<Offloads> offloads_of(const std::string& interface);

}  // namespace ctgate

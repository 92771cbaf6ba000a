// SPDX-License-Identifier: GPL-2.0-only
// The port forwards of a dataplane that another process, maybe long gone, has loaded: by its pins.
#pragma once

#include <optional>

#include "control/config.hpp"
#include "control/fd.hpp"
#include "control/forwards.hpp"
#include "control/run_directory.hpp"
#include "control/serving.hpp"

namespace ctgate {

class PinnedForwards {
  public:
    // Throws when a map is not there, or not of this version's making.
    explicit PinnedForwards(const RunDirectory& directory);

    // Exactly those of `config` are in force afterwards, at the external addresses of `serving`.
    void set(const Config& config, const Serving& serving) const;
    Forwards in_force(const Config& config, const Serving& serving) const;
    // The single internal host that the address belongs to (--one-to-one); nullopt: it does not.
    std::optional<IpAddress> one_to_one_host(IpAddress external) const;
    PortMaps port_maps() const;

  private:
    FileDescriptor sets_, slots_, sweeps_, mappings_, hosts_, access_, addresses_;
};

}  // namespace ctgate

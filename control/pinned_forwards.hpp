// SPDX-License-Identifier: GPL-2.0-only
// The port forwards of a dataplane that another process, maybe long gone, has loaded: by its pins.
#pragma once

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
    // The address belongs to a single internal host (--one-to-one).
    bool is_one_to_one(IpAddress external) const;

  private:
    PortMaps port_maps() const;

    FileDescriptor sets_, slots_, sweeps_, mappings_, hosts_, access_, addresses_;
};

}  // namespace ctgate

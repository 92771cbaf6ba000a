// SPDX-License-Identifier: GPL-2.0-only
// Which addresses stand for internal hosts, as the dataplane has them.
#pragma once

#include <set>

#include "control/ip.hpp"
#include "control/run_directory.hpp"
#include "control/session_view.hpp"

namespace ctgate {

// External addresses of all interfaces, and one-to-one addresses.
class OurAddresses {
  public:
    explicit OurAddresses(const RunDirectory& directory);

    bool has(IpAddress address) const { return addresses_.contains(address); }
    // Is the session translated to, or from, one of them?
    bool has(const SessionView& seen) const;

  private:
    std::set<IpAddress> addresses_;
};

}  // namespace ctgate

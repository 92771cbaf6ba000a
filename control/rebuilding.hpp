// SPDX-License-Identifier: GPL-2.0-only
// What a dataplane knows of mappings and ports in use, from the sessions that conntrack has: where
// the ports of an address are new to it, because it is a first start or the address has come back,
// and where its maps begin anew, because an earlier version has left them in another layout. The
// log says what is lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_set>

#include "control/dataplane.hpp"
#include "control/restoring.hpp"
#include "control/run_directory.hpp"

namespace ctgate {

class Rebuilding {
  public:
    // Nothing happens when all maps are as they were, and no port space is `fresh`. The dataplane
    // has its configuration.
    Rebuilding(const Dataplane& dataplane, const RunDirectory& directory,
               std::uint32_t accepted_mark, std::set<PortSpace> fresh);

    // Accepted sessions of TCP and UDP that are there now. More than once does no harm.
    void adopt_sessions();
    void report() const;

  private:
    void adopt_sessions(bool from_inside);
    bool is_fresh(const Session& session) const;

    const Dataplane& dataplane_;
    std::uint32_t accepted_mark_;
    std::set<PortSpace> fresh_;
    bool anew_;                              // the maps of mappings are
    bool whole_ = false;                     // so not only what is fresh is to be rebuilt
    std::vector<std::string> lost_;          // words for what cannot be rebuilt
    std::uint64_t before_ = 0;               // mappings
    std::optional<Restoring> restoring_;     // none: there was nothing to be rebuilt
    std::unordered_set<std::size_t> known_;  // sessions, hashed
};

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// The mappings of the dataplane: which external endpoint an internal one has for new sessions.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "control/pinned_forwards.hpp"
#include "control/port_spaces.hpp"
#include "control/session_filter.hpp"

namespace ctgate {

struct Mapping {
    std::uint8_t protocol = 0;  // IPPROTO_TCP or IPPROTO_UDP
    Endpoint internal, external;
    std::uint32_t expires_in = 0;  // seconds without a packet that keeps it
    std::uint32_t age = 0;         // seconds since it was made
};

namespace mappings {

// Calls `visit` for each, by external address and port; memory does not grow with their number.
// Those of port forwards are not told: they have no end.
void for_each(const PortMaps& maps, const std::function<void(const Mapping&)>& visit);

// Those whose address or protocol has no ports among these.
std::vector<Mapping> without_space(const PortMaps& maps, const PortPlans& ports);

// Nothing new is sent or let in by the mappings that match. Returns how many there were. Their
// sessions go on, and keep the ports: expire() is to be called when these have ended.
std::size_t end(const PortMaps& maps, const SessionFilter& filter);

// Mappings that match and that end() has ended are over now: the dataplane gives their ports back.
void expire(const PortMaps& maps, const SessionFilter& filter);

}  // namespace mappings

// How many sessions each external endpoint has.
class SessionsByPort {
  public:
    explicit SessionsByPort(const PortMaps& maps);  // asks conntrack
    std::uint32_t of(std::uint8_t protocol, const Endpoint& external) const;

  private:
    std::map<PortSpace, std::vector<std::uint32_t>> counts_;
};

}  // namespace ctgate

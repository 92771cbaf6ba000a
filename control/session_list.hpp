// SPDX-License-Identifier: GPL-2.0-only
// Sessions one by one on standard output, as a table or as an array in JSON.
#pragma once

#include <cstdint>

#include "control/session_traffic.hpp"
#include "control/session_view.hpp"

namespace ctgate {

class SessionList {
  public:
    SessionList(bool json, std::uint32_t accepted_mark)
        : json_(json), accepted_mark_(accepted_mark) {}

    void begin();
    void add(const Session& session, const SessionView& seen, const SessionTraffic& traffic);
    void end();

  private:
    bool json_;
    std::uint32_t accepted_mark_;
    bool empty_ = true;
};

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Mappings one by one on standard output, as a table or as an array in JSON.
#pragma once

#include <cstdint>

#include "control/mappings.hpp"

namespace ctgate {

class MappingList {
  public:
    explicit MappingList(bool json) : json_(json) {}

    void begin();
    void add(const Mapping& mapping, std::uint32_t sessions);
    void end();

  private:
    bool json_;
    bool empty_ = true;
};

}  // namespace ctgate

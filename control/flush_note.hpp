// SPDX-License-Identifier: GPL-2.0-only
// That `ctgate flush` ends sessions: noted in the run directory for the daemon, to which as many at
// once would otherwise mean that somebody has emptied the kernel's table.
#pragma once

#include <cstdint>

#include "control/fd.hpp"
#include "control/run_directory.hpp"

namespace ctgate {

class FlushNote {
  public:
    explicit FlushNote(const RunDirectory& directory);  // throws std::system_error
    // To be called before the first session and after each.
    void renew() const;

    // Another one whenever it was renewed; 0: never.
    static std::int64_t last(const RunDirectory& directory);

  private:
    FileDescriptor file_;
};

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Sessions put into the kernel's conntrack table as they were in another one.
#pragma once

#include "control/conntrack_socket.hpp"

namespace ctgate::conntrack {

class Inserter {
  public:
    enum class Result {
        done,
        there,  // it was there already
        clash,  // another session has one of its tuples
        full,   // the table
    };
    // The entry is there as a whole, with its NAT, or not at all. Throws when the kernel refuses it
    // for another reason.
    Result insert(const Session& session);

  private:
    Socket socket_;
};

}  // namespace ctgate::conntrack

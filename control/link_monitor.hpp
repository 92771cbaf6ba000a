// SPDX-License-Identifier: GPL-2.0-only
// Tells when links or IPv4 addresses of the current network namespace have changed.
#pragma once

#include <memory>

struct nl_sock;

namespace ctgate {

class LinkMonitor {
  public:
    LinkMonitor();

    int fd() const;  // readable when something may have changed
    // Reads what has come; also when the kernel had to leave out some of it.
    void drain();

  private:
    std::unique_ptr<nl_sock, void (*)(nl_sock*)> socket_;
};

}  // namespace ctgate

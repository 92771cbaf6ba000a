// SPDX-License-Identifier: GPL-2.0-only
// Tells when something of the current network namespace has changed.
#pragma once

#include <memory>

struct nl_sock;

namespace ctgate {

class Monitor {
  public:
    static Monitor links();   // IPv4 addresses, and forwarding
    static Monitor tables();  // of nftables

    int fd() const;  // readable when something may have changed
    // Reads what has come; also when the kernel had to leave out some of it.
    void drain();

  private:
    Monitor(int protocol, int group, int second, int third);

    std::unique_ptr<nl_sock, void (*)(nl_sock*)> socket_;
};

}  // namespace ctgate

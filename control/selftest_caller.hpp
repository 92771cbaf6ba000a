// SPDX-License-Identifier: GPL-2.0-only
// One internal endpoint and what servers see of it.
#pragma once

#include <deque>
#include <optional>

#include "control/selftest_bench.hpp"

namespace ctgate::selftest {

class Caller {
  public:
    // `protocol`: IPPROTO_UDP or IPPROTO_TCP.
    Caller(Bench& bench, std::uint8_t protocol, const Host& host, std::uint16_t port);

    // The external endpoint that this server sees. Throws when nothing gets there. TCP connections
    // stay open as long as this object.
    Endpoint ask(const Endpoint& server);

  private:
    std::optional<Endpoint> ask_udp(const Endpoint& server);
    std::optional<Endpoint> ask_tcp(const Endpoint& server);

    Bench& bench_;
    const Host& host_;
    std::uint16_t port_;
    std::optional<UdpSocket> udp_;  // none: TCP
    std::deque<Connection> connections_;
};

}  // namespace ctgate::selftest

// SPDX-License-Identifier: GPL-2.0-only
// The selftest's own network: four network namespaces without names, so that nothing of them stays,
// whatever happens, and several runs do not meet.
//
//   A 10.0.0.2 --+                                                   S1 198.51.100.1
//                +-- inside 10.0.0.1 | gateway | 203.0.113.1 outside -- eth0 203.0.113.254
//   B 10.0.0.3 --+   (bridge)                  (MTU 1400)            S2 198.51.100.2
//
// S1, S2 and 203.0.113.254 are addresses of one namespace, which has no route to 10.0.0.0/24: only
// what leaves translated gets an answer. It swallows what comes for the other addresses of
// 198.51.100.0/24, so that a check can speak for these, packet by packet.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "control/fd.hpp"
#include "control/ip.hpp"

namespace ctgate::selftest {

inline constexpr const char* internal_interface = "inside";
inline constexpr const char* external_interface = "outside";
inline constexpr unsigned outside_mtu = 1400;

IpAddress address(const char* text);
inline const IpAddress server1 = address("198.51.100.1");
inline const IpAddress server2 = address("198.51.100.2");
inline const IpAddress ghost = address("198.51.100.3");  // nobody: a check may speak for it
inline const IpAddress outside_router = address("203.0.113.254");
inline const IpAddress external_address = address("203.0.113.1");
inline const IpPrefix internal_network{address("10.0.0.0"), 24};
inline const IpPrefix external_network{address("203.0.113.0"), 24};

using Mac = std::array<std::uint8_t, 6>;

struct Host {
    const char* name;
    IpAddress address;  // of the outside: of its own end of the link
    FileDescriptor netns;
    Mac gateway;  // of the gateway's interface at its link
};

class Network {
  public:
    // `external`: further addresses of the gateway's external interface.
    explicit Network(const std::vector<IpAddress>& external);

    const Host& a() const { return a_; }
    const Host& b() const { return b_; }
    const Host& outside() const { return outside_; }
    const FileDescriptor& gateway() const { return gateway_; }

  private:
    void build_gateway(const std::vector<IpAddress>& external);
    void build_client(Host& client, const char* port);
    void build_outside();

    FileDescriptor gateway_;
    Host a_, b_, outside_;
};

}  // namespace ctgate::selftest

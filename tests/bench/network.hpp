// SPDX-License-Identifier: GPL-2.0-only
// The network of one subject: three network namespaces without names, so that nothing of them
// stays, whatever happens.
//
//   client                         router                              server
//   10.0.0.2 eth0 ── inside0 10.0.0.1 │ 203.0.113.1 outside ── eth0 203.0.113.254
//   10.1.0.2 eth1 ── inside1 10.1.0.1 │                          lo 198.18.0.1
//
// eth1 is there where two cores are to be kept busy. The server has a route to 10.0.0.0/8 only
// where nothing translates.
#pragma once

#include <string>
#include <vector>

#include "control/fd.hpp"
#include "control/ip.hpp"

namespace ctgate::bench {

inline constexpr const char* external_interface = "outside";
inline constexpr const char* server_interface = "eth0";
inline constexpr const char* server_address = "198.18.0.1";

struct Internal {
    std::string client_interface;
    std::string router_interface;
    IpAddress client;
    IpAddress router;
};

class Network {
  public:
    Network(unsigned internal_links, bool translated);

    const FileDescriptor& client() const { return client_; }
    const FileDescriptor& router() const { return router_; }
    const FileDescriptor& server() const { return server_; }
    const std::vector<Internal>& internals() const { return internals_; }

    // The router asks its neighbours for their Ethernet addresses, so that no packet waits for it.
    void resolve_neighbours() const;

  private:
    void build_inside(const Internal& internal);
    void build_outside(bool translated);

    FileDescriptor client_, router_, server_;
    std::vector<Internal> internals_;
};

IpAddress address(const std::string& text);

}  // namespace ctgate::bench

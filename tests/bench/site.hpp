// SPDX-License-Identifier: GPL-2.0-only
// One subject with its network for programs that talk through sockets, offloads as the kernel has
// them on a new veth. Sockets belong to the network namespace they were made in, so one thread can
// be both ends: nothing waits for another thread, and the whole way is walked on one core.
#pragma once

#include <cstdint>

#include "bench/network.hpp"
#include "bench/subject.hpp"
#include "control/fd.hpp"

namespace ctgate::bench {

class Site {
  public:
    Site(Kind kind, const Setup& setup);

    Kind kind() const { return kind_; }
    const Network& network() const { return network_; }

  private:
    Kind kind_;
    Network network_;
    Router router_;
};

std::vector<std::unique_ptr<Site>> make_sites(const Setup& setup);

// Sockets of Site's ends. `type`: SOCK_STREAM or SOCK_DGRAM; none blocks.
FileDescriptor server_socket(const Site& site, int type, std::uint16_t port);
FileDescriptor client_socket(const Site& site, int type);
// The server, from inside.
void connect_to_server(const FileDescriptor& socket, std::uint16_t port);

// Each throws when nothing has come for a second.
void wait_for(const FileDescriptor& socket, short events);
void send_all(const FileDescriptor& socket, std::size_t length);
// As many bytes as are expected.
void receive_all(const FileDescriptor& socket, std::size_t length);

}  // namespace ctgate::bench

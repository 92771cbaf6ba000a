// SPDX-License-Identifier: GPL-2.0-only
#include "bench/site.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "bench/measure.hpp"
#include "control/netns.hpp"
#include "control/sysctl.hpp"

namespace ctgate::bench {
namespace {

constexpr int patience_ms = 1000;
constexpr int backlog = 128;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in at_server(std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_addr.s_addr = address(server_address).v4;
    result.sin_port = htons(port);
    return result;
}

// XDP hands frames only to interfaces with NAPI, and takes packets with whole checksums only: as
// hardware receives them, but not a veth.
void prepare_for_xdp(const std::string& interface) {
    enable_gro(interface);
    complete_checksums(interface);
}

const Network& prepared(const Network& network, Kind kind) {
    {
        const netns::Scope scope(network.client());
        sysctl::write("net/ipv4/ip_local_port_range", "10000 65000");
        if (hook_of(kind) == Hook::xdp) {
            prepare_for_xdp(network.internals().front().client_interface);
        }
    }
    const netns::Scope scope(network.server());
    if (hook_of(kind) == Hook::xdp) {
        prepare_for_xdp(server_interface);
    }
    return network;
}

FileDescriptor new_socket(int type) {
    FileDescriptor result(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!result) {
        fail("Cannot make a socket");
    }
    return result;
}

// An answer of the kind of send() and recv(): its length, or 0 when one has to wait.
std::size_t progress(ssize_t result, const char* what) {
    if (result > 0) {
        return static_cast<std::size_t>(result);
    }
    if (result == 0) {
        throw std::runtime_error("A connection ended too early");
    }
    if (errno != EAGAIN) {
        fail(what);
    }
    return 0;
}

}  // namespace

Site::Site(Kind kind, const Setup& setup)
    : kind_(kind), network_(1, translates(kind)), router_(prepared(network_, kind), kind, setup) {}

std::vector<std::unique_ptr<Site>> make_sites(const Setup& setup) {
    std::vector<std::unique_ptr<Site>> sites;
    for (const Kind kind : available(
             setup, {Kind::masquerade, Kind::ctgate_off, Kind::ctgate_tc, Kind::ctgate_xdp})) {
        sites.push_back(std::make_unique<Site>(kind, setup));
    }
    return sites;
}

FileDescriptor server_socket(const Site& site, int type, std::uint16_t port) {
    const netns::Scope scope(site.network().server());
    FileDescriptor result = new_socket(type);
    const sockaddr_in address = at_server(port);
    if (::bind(result.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        fail("Cannot bind a socket");
    }
    if (type == SOCK_STREAM && ::listen(result.get(), backlog) != 0) {
        fail("Cannot listen");
    }
    return result;
}

FileDescriptor client_socket(const Site& site, int type) {
    const netns::Scope scope(site.network().client());
    return new_socket(type);
}

void connect_to_server(const FileDescriptor& socket, std::uint16_t port) {
    const sockaddr_in address = at_server(port);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
            0 &&
        errno != EINPROGRESS) {
        fail("Cannot connect");
    }
}

void wait_for(const FileDescriptor& socket, short events) {
    pollfd event{socket.get(), events, 0};
    if (::poll(&event, 1, patience_ms) != 1) {
        throw std::runtime_error("Nothing comes through the router");
    }
}

void send_all(const FileDescriptor& socket, std::size_t length) {
    static const std::array<char, 16384> data{};
    while (length > 0) {
        const std::size_t sent =
            progress(::send(socket.get(), data.data(), std::min(length, data.size()), MSG_NOSIGNAL),
                     "Cannot send");
        if (sent == 0) {
            wait_for(socket, POLLOUT);
        }
        length -= sent;
    }
}

void receive_all(const FileDescriptor& socket, std::size_t length) {
    std::array<char, 16384> data{};
    while (length > 0) {
        const std::size_t received = progress(
            ::recv(socket.get(), data.data(), std::min(length, data.size()), 0), "Cannot receive");
        if (received == 0) {
            wait_for(socket, POLLIN);
        }
        length -= received;
    }
}

}  // namespace ctgate::bench

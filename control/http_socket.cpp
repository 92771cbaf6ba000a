// SPDX-License-Identifier: GPL-2.0-only
#include "control/http_socket.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "control/option_values.hpp"

namespace ctgate {
namespace {

constexpr int backlog = 16;

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
    sa_family_t family() const { return storage.ss_family; }
    const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage);  // NOLINT: the sockets API
    }
};

SocketAddress to_socket_address(const ListenOption& option) {
    SocketAddress result;
    sockaddr_in ipv4{};
    sockaddr_in6 ipv6{};
    if (::inet_pton(AF_INET, option.address.c_str(), &ipv4.sin_addr) == 1) {
        ipv4.sin_family = AF_INET;
        ipv4.sin_port = htons(option.port);
        result.length = sizeof(ipv4);
        std::memcpy(&result.storage, &ipv4, sizeof(ipv4));
    } else {
        ::inet_pton(AF_INET6, option.address.c_str(), &ipv6.sin6_addr);
        ipv6.sin6_family = AF_INET6;
        ipv6.sin6_port = htons(option.port);
        result.length = sizeof(ipv6);
        std::memcpy(&result.storage, &ipv6, sizeof(ipv6));
    }
    return result;
}

[[noreturn]] void fail(const ListenOption& option) {
    const int error = errno;
    std::string remedy = "choose another address, or leave the option out";
    if (error == EADDRINUSE) {
        remedy = fmt::format(
            "another program has port {} ('ss -tlnp' names it); end it, or choose another port",
            option.port);
    } else if (error == EACCES) {
        remedy = "ctgate keeps no privilege for ports below 1024; choose one above";
    }
    throw std::system_error(error, std::generic_category(),
                            fmt::format("--listen-http {}: {}", text(option), remedy));
}

bool set(const FileDescriptor& socket, int level, int name) {
    const int on = 1;
    return ::setsockopt(socket.get(), level, name, &on, sizeof(on)) == 0;
}

}  // namespace

FileDescriptor listen_on(const ListenOption& option) {
    const SocketAddress address = to_socket_address(option);
    const bool ipv6 = address.family() == AF_INET6;
    FileDescriptor socket(
        ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!socket || !set(socket, SOL_SOCKET, SO_REUSEADDR) ||
        !set(socket, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_FREEBIND : IP_FREEBIND) ||
        (ipv6 && !set(socket, IPPROTO_IPV6, IPV6_V6ONLY)) ||
        ::bind(socket.get(), address.get(), address.length) != 0 ||
        ::listen(socket.get(), backlog) != 0) {
        fail(option);
    }
    return socket;
}

bool is_address_here(const ListenOption& option) {
    ListenOption any_port = option;
    any_port.port = 0;
    const SocketAddress address = to_socket_address(any_port);
    const FileDescriptor socket(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return socket && ::bind(socket.get(), address.get(), address.length) == 0;
}

bool is_everywhere(const ListenOption& option) {
    return option.address == "0.0.0.0" || option.address == "::";
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/selftest_sockets.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "control/netns.hpp"

namespace ctgate::selftest {
namespace {

using Clock = std::chrono::steady_clock;

void require(bool done, const std::string& what) {
    if (!done) {
        throw std::system_error(errno, std::generic_category(), what);
    }
}

sockaddr_in socket_address(const Endpoint& endpoint) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_addr.s_addr = endpoint.address.v4;
    result.sin_port = htons(endpoint.port);
    return result;
}

Endpoint endpoint_of(const sockaddr_in& address) {
    return {{address.sin_addr.s_addr}, ntohs(address.sin_port)};
}

const sockaddr* generic(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

void set(const FileDescriptor& socket, int level, int option, int value) {
    require(::setsockopt(socket.get(), level, option, &value, sizeof(value)) == 0,
            "Cannot set a socket option");
}

FileDescriptor open_socket(const Host& host, int type, const Endpoint& local) {
    const netns::Scope scope(host.netns);
    FileDescriptor socket(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    require(bool(socket), "Cannot open a socket");
    if (type == SOCK_STREAM) {
        set(socket, SOL_SOCKET, SO_REUSEADDR, 1);
        set(socket, SOL_SOCKET, SO_REUSEPORT, 1);
    }
    const sockaddr_in address = socket_address(local);
    require(::bind(socket.get(), generic(address), sizeof(address)) == 0,
            fmt::format("Cannot bind {}", local.text()));
    return socket;
}

// Errors that ICMP and RST have left behind come first; they are no data.
template <typename Receive>
std::optional<std::string> receive_text(const Receive& receive) {
    std::array<char, 65536> buffer{};
    const ssize_t length = receive(buffer.data(), buffer.size());
    if (length < 0) {
        return std::nullopt;
    }
    return std::string(buffer.data(), static_cast<std::size_t>(length));
}

}  // namespace

UdpSocket::UdpSocket(const Host& host, const Endpoint& local, const Interrupts& interrupts)
    : interrupts_(interrupts), local_(local), socket_(open_socket(host, SOCK_DGRAM, local)) {}

void UdpSocket::send(const Endpoint& to, const std::string& text) {
    const sockaddr_in address = socket_address(to);
    require(::sendto(socket_.get(), text.data(), text.size(), 0, generic(address),
                     sizeof(address)) >= 0,
            fmt::format("Cannot send to {}", to.text()));
}

std::optional<Datagram> UdpSocket::receive(std::chrono::milliseconds limit) {
    if (!wait_until_readable(socket_, limit, interrupts_)) {
        return std::nullopt;
    }
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    const auto text = receive_text([&](char* data, std::size_t length) {
        return ::recvfrom(socket_.get(), data, length, 0, reinterpret_cast<sockaddr*>(&from),
                          &size);
    });
    if (!text) {
        return std::nullopt;
    }
    return Datagram{endpoint_of(from), *text};
}

std::optional<Datagram> UdpSocket::receive(const std::string& text,
                                           std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        auto datagram = receive(std::max(left, std::chrono::milliseconds(0)));
        if (datagram && datagram->text == text) {
            return datagram;
        }
        if (!datagram && left.count() <= 0) {
            return std::nullopt;
        }
    }
}

void UdpSocket::allow_fragments(bool allowed) {
    set(socket_, IPPROTO_IP, IP_MTU_DISCOVER, allowed ? IP_PMTUDISC_DONT : IP_PMTUDISC_PROBE);
}

TcpSocket::TcpSocket(const Host& host, const Endpoint& local, const Interrupts& interrupts)
    : TcpSocket(open_socket(host, SOCK_STREAM, local), local, interrupts) {}

void TcpSocket::listen() {
    constexpr int backlog = 16;
    require(::listen(socket_.get(), backlog) == 0, "Cannot listen");
}

std::optional<TcpSocket::Accepted> TcpSocket::accept(std::chrono::milliseconds limit) {
    if (!wait_until_readable(socket_, limit, *interrupts_)) {
        return std::nullopt;
    }
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    FileDescriptor accepted(::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&from), &size,
                                      SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!accepted) {
        return std::nullopt;
    }
    return Accepted{TcpSocket(std::move(accepted), local_, *interrupts_), endpoint_of(from)};
}

void TcpSocket::connect(const Endpoint& remote) {
    const sockaddr_in address = socket_address(remote);
    require(
        ::connect(socket_.get(), generic(address), sizeof(address)) == 0 || errno == EINPROGRESS,
        fmt::format("Cannot connect to {}", remote.text()));
}

bool TcpSocket::connected(std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    constexpr std::chrono::milliseconds interval{5};
    for (;;) {
        pollfd event{socket_.get(), POLLOUT, 0};
        if (::poll(&event, 1, 0) > 0) {
            return (event.revents & (POLLERR | POLLHUP)) == 0;
        }
        if (Clock::now() > deadline) {
            return false;
        }
        interrupts_->sleep(interval);
    }
}

void TcpSocket::send(const std::string& text) {
    // An answer that is missing says more than the reason why nothing was sent.
    ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

std::string TcpSocket::receive(std::chrono::milliseconds limit) {
    if (!wait_until_readable(socket_, limit, *interrupts_)) {
        return "";
    }
    return receive_text([&](char* data, std::size_t length) {
               return ::recv(socket_.get(), data, length, 0);
           })
        .value_or("");
}

void TcpSocket::reset() {
    const linger now{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    socket_ = FileDescriptor();
}

}  // namespace ctgate::selftest

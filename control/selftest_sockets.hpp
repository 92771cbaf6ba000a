// SPDX-License-Identifier: GPL-2.0-only
// Ordinary UDP and TCP sockets of a host. They never block; waits have a limit and throw
// Interrupted.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "control/selftest_wire.hpp"

namespace ctgate::selftest {

struct Datagram {
    Endpoint from;
    std::string text;
};

class UdpSocket {
  public:
    UdpSocket(const Host& host, const Endpoint& local, const Interrupts& interrupts);

    const Endpoint& local() const { return local_; }
    void send(const Endpoint& to, const std::string& text);
    std::optional<Datagram> receive(std::chrono::milliseconds limit = patience);
    // Passes over everything else.
    std::optional<Datagram> receive(const std::string& text,
                                    std::chrono::milliseconds limit = patience);
    // May what it sends be cut? Else it sets DF, whatever the path's MTU.
    void allow_fragments(bool allowed);

  private:
    const Interrupts& interrupts_;
    Endpoint local_;
    FileDescriptor socket_;
};

// Several may share a local endpoint, as hole punching needs it.
class TcpSocket {
  public:
    TcpSocket(const Host& host, const Endpoint& local, const Interrupts& interrupts);

    const Endpoint& local() const { return local_; }
    void listen();
    struct Accepted;
    std::optional<Accepted> accept(std::chrono::milliseconds limit = patience);
    void connect(const Endpoint& remote);  // begins
    bool connected(std::chrono::milliseconds limit = patience);
    void send(const std::string& text);
    // What the other side has sent; empty: it has ended, or the time is over.
    std::string receive(std::chrono::milliseconds limit = patience);
    void reset();  // ends with RST

  private:
    TcpSocket(FileDescriptor socket, const Endpoint& local, const Interrupts& interrupts)
        : interrupts_(&interrupts), local_(local), socket_(std::move(socket)) {}

    const Interrupts* interrupts_;
    Endpoint local_;
    FileDescriptor socket_;
};

struct TcpSocket::Accepted {
    TcpSocket socket;
    Endpoint remote;
};

}  // namespace ctgate::selftest

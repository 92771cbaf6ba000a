// SPDX-License-Identifier: GPL-2.0-only
// What the checks work with: the network, its wires, the table of the NAT under test, and the
// conversations that most of them begin with.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/conntrack.hpp"
#include "control/selftest.hpp"
#include "control/selftest_expectation.hpp"
#include "control/selftest_sockets.hpp"
#include "control/selftest_subject.hpp"
#include "control/selftest_wire.hpp"

namespace ctgate::selftest {

struct IdleObservations;

struct Plan {
    Against against = Against::ctgate;
    bool full = false;
    Words options;  // of `ctgate run`
    // The same with all timers at `scaled_timer`; none: they cannot be set.
    std::optional<Words> scaled_options;
    Expectation expected;
};

// An established TCP connection through the NAT.
struct Connection {
    TcpSocket client;
    TcpSocket server;
    Endpoint external;  // whom the server sees
    Endpoint remote;
};

class Bench {
  public:
    Bench(const Plan& plan, const Interrupts& interrupts);

    const Plan& plan() const { return plan_; }
    const Expectation& expected() const { return plan_.expected; }
    const Network& network() const { return network_; }
    const Host& a() const { return network_.a(); }
    const Host& b() const { return network_.b(); }
    Subject& subject() { return subject_; }
    Wire& wire_a() { return wire_a_; }
    Wire& wire_b() { return wire_b_; }
    Wire& outside() { return outside_; }
    void sleep(std::chrono::milliseconds time) const { interrupts_.sleep(time); }

    // Each is new to the NAT, even, and the one above it is not given away either.
    std::uint16_t new_port();
    std::string new_word();  // to tell packets apart

    UdpSocket udp(const Host& host, std::uint16_t port);
    UdpSocket udp(IpAddress server, std::uint16_t port);
    // One that has a mapping already, made towards the server; that is its external endpoint.
    std::optional<Endpoint> seen_by(UdpSocket& client, UdpSocket& server);
    // Does it get there?
    bool arrives(UdpSocket& from, const Endpoint& to, UdpSocket& at,
                 std::chrono::milliseconds limit = patience);

    TcpSocket tcp(const Host& host, std::uint16_t port);
    TcpSocket listener(IpAddress server, std::uint16_t port);
    std::optional<Connection> connect(const Host& host, std::uint16_t port, TcpSocket& listener);
    static bool converse(TcpSocket& from, TcpSocket& to);

    // The entry of the NAT's table that began with such a packet.
    std::optional<Session> entry(std::uint8_t protocol, const Endpoint& source,
                                 const Endpoint& destination);
    std::optional<Session> entry(const std::function<bool(const Session&)>& wanted);

    std::shared_ptr<const IdleObservations> idle;  // of selftest_idle.cpp, once it has looked

  private:
    Plan plan_;
    const Interrupts& interrupts_;
    Network network_;
    Wire wire_a_, wire_b_, outside_;  // before the NAT begins, so that they see everything
    Subject subject_;
    std::uint16_t next_port_ = 20000;
    unsigned next_word_ = 0;
};

// Throws what stops a check whose subject is something else: "A gets no answer from S1".
template <typename Value>
Value must(std::optional<Value> value, const char* otherwise) {
    if (!value) {
        throw std::runtime_error(otherwise);
    }
    return std::move(*value);
}

}  // namespace ctgate::selftest

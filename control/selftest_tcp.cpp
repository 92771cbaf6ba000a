// SPDX-License-Identifier: GPL-2.0-only
// TCP's unusual beginnings and ends (RFC 5382 sections 5.2 and 5.3, RFC 7857 section 2).
#include "control/selftest_bench.hpp"
#include "control/selftest_checks.hpp"

namespace ctgate::selftest {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t ghost_sequence = 1000;

bool same(const Endpoint& one, const Endpoint& other) {
    return one.address == other.address && one.port == other.port;
}

auto is_tcp(const Endpoint& destination, std::uint8_t flags) {
    return [=](const Packet& packet) {
        return packet.protocol == IPPROTO_TCP && packet.tcp.flags == flags &&
               same(packet.destination, destination);
    };
}

bool is_reset(const Packet& packet) {
    return packet.protocol == IPPROTO_TCP && (packet.tcp.flags & RST) != 0;
}

}  // namespace

// The remote side is nobody's stack: its SYN crosses A's, whatever the timing.
Finding simultaneous_open(Bench& bench) {
    const Endpoint remote{ghost, bench.new_port()};
    TcpSocket a = bench.tcp(bench.a(), bench.new_port());
    std::size_t now = bench.outside().now();
    a.connect(remote);
    const Packet syn =
        must(bench.outside().find(now, is_tcp(remote, SYN)), "A's SYN does not come out");
    const std::uint32_t expected = syn.tcp.sequence + 1;
    now = bench.outside().now();
    bench.outside().send(
        tcp_packet(remote, syn.source, {.flags = SYN, .sequence = ghost_sequence}));
    const auto answer = bench.outside().find(now, is_tcp(remote, SYN | ACK));
    if (!answer || !same(answer->source, syn.source)) {
        return fail("A, connecting from {}, does not answer the other side's SYN",
                    syn.source.text());
    }
    bench.outside().send(
        tcp_packet(remote, syn.source,
                   {.flags = SYN | ACK, .sequence = ghost_sequence, .acknowledgment = expected}));
    // Kernels before 6.11 answer that one with an ACK only (RFC 5961), and wait for this.
    const TcpFields acknowledge{
        .flags = ACK, .sequence = ghost_sequence + 1, .acknowledgment = expected};
    bench.outside().send(tcp_packet(remote, syn.source, acknowledge));
    if (!a.connected()) {
        return fail("A, connecting from {}, gets no connection", syn.source.text());
    }
    now = bench.outside().now();
    a.send("hello");
    const bool outbound =
        bench.outside()
            .find(now,
                  [&](const Packet& packet) {
                      return same(packet.destination, remote) && packet.payload == "hello";
                  })
            .has_value();
    bench.outside().send(tcp_packet(remote, syn.source, acknowledge, "hello"));
    if (!outbound || a.receive() != "hello") {
        return fail("A gets a connection, but data does not get {}", outbound ? "in" : "out");
    }
    return pass("SYNs cross, and {} gets a connection that carries data", syn.source.text());
}

// A has a mapping, and the SYN of somebody whom it has not spoken to comes; then A's own.
Finding unsolicited_syn(Bench& bench) {
    if (bench.expected().behaviour.filtering == FilteringBehaviour::endpoint_independent) {
        return not_applicable("filtering is configured to be endpoint-independent: it is let in");
    }
    const std::chrono::milliseconds watch = bench.plan().full ? 6500ms : 2000ms;
    TcpSocket listener = bench.listener(server1, bench.new_port());
    const std::uint16_t port = bench.new_port();
    const Connection connection =
        must(bench.connect(bench.a(), port, listener), "A cannot connect to S1");
    const Endpoint remote{ghost, bench.new_port()};
    const std::size_t at_a = bench.wire_a().now();
    const std::size_t now = bench.outside().now();
    bench.outside().send(
        tcp_packet(remote, connection.external, {.flags = SYN, .sequence = ghost_sequence}));
    const auto is_answer = [&](const Packet& packet) {
        return packet.destination.address == ghost &&
               (packet.is_icmp_error() ||
                (packet.protocol == IPPROTO_TCP && packet.destination.port == remote.port &&
                 packet.tcp.flags != SYN));
    };
    auto answer = bench.outside().find(now, is_answer, watch / 2);
    if (bench.wire_a().find(at_a, is_tcp({bench.a().address, port}, SYN), 0ms)) {
        return fail("the unsolicited SYN is let in");
    }
    TcpSocket a = bench.tcp(bench.a(), port);
    if (!answer) {
        a.connect(remote);
        answer = bench.outside().find(now, is_answer, watch / 2);
    }
    if (answer) {
        return fail("the unsolicited SYN to {} is answered with {}", connection.external.text(),
                    is_reset(*answer) ? "RST" : "another packet");
    }
    const auto own = bench.outside().find(now, is_tcp(remote, SYN));
    if (!own) {
        return fail("A's own SYN, after the unsolicited one, does not come out");
    }
    return pass("nothing in {} s{}, also when A's own SYN follows, from {}",
                static_cast<double>(watch.count()) / 1000,
                bench.plan().full ? "" : " (--full: 6.5 s)", own->source.text());
}

Finding reset_translated(Bench& bench) {
    TcpSocket listener = bench.listener(server1, bench.new_port());
    const std::uint16_t port = bench.new_port();
    Connection inbound = must(bench.connect(bench.a(), port, listener), "A cannot connect to S1");
    std::size_t now = bench.wire_a().now();
    inbound.server.reset();
    const auto at_a = bench.wire_a().find(now, is_reset);
    if (!at_a || at_a->destination.port != port) {
        return fail("the RST of S1 does not reach A");
    }
    Connection outbound =
        must(bench.connect(bench.a(), bench.new_port(), listener), "A cannot connect to S1 again");
    now = bench.outside().now();
    outbound.client.reset();
    const auto outside = bench.outside().find(now, is_reset);
    if (!outside || !same(outside->source, outbound.external)) {
        return fail("the RST of A does not come out from {}", outbound.external.text());
    }
    return pass("an RST from outside reaches A, and one of A comes out from {}",
                outside->source.text());
}

}  // namespace ctgate::selftest

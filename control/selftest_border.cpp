// SPDX-License-Identifier: GPL-2.0-only
// What a router owes its packets, and what must not cross it.
#include <linux/icmp.h>

#include <array>

#include "control/selftest_bench.hpp"
#include "control/selftest_checks.hpp"

namespace ctgate::selftest {
namespace {

constexpr std::uint8_t gre = 47;
constexpr std::uint8_t ttl_sent = 64;

std::optional<Packet> from(Wire& wire, std::size_t since, IpAddress source,
                           std::chrono::milliseconds limit) {
    return wire.find(
        since, [&](const Packet& packet) { return packet.source.address == source; }, limit);
}

// One packet of each kind.
std::vector<Bytes> one_of_each(Bench& bench, IpAddress source, IpAddress destination) {
    const Endpoint remote{source, bench.new_port()};
    const Endpoint target{destination, bench.new_port()};
    const std::string text(2000, '.');
    std::vector<Bytes> packets{
        udp_packet(remote, target, "selftest"),
        tcp_packet(remote, target, {.flags = SYN, .sequence = 1}),
        tcp_packet(remote, target, {.flags = ACK, .sequence = 1, .acknowledgment = 1}),
        icmp_packet(source, destination, {ICMP_ECHO, 0, 1}, {}),
        icmp_packet(source, destination, {ICMP_ECHOREPLY, 0, 1}, {}),
        ip_packet(gre, source, destination, {0, 0, 8, 0}),
    };
    constexpr std::size_t part = 1376;
    for (Bytes& fragment : fragments(udp_packet(remote, target, text, {.id = 1}), part)) {
        packets.push_back(std::move(fragment));
    }
    return packets;
}

// None of them gets to A or B.
Finding keep_out(Bench& bench, IpAddress source, const std::vector<Bytes>& packets) {
    const std::size_t at_a = bench.wire_a().now();
    const std::size_t at_b = bench.wire_b().now();
    for (const Bytes& packet : packets) {
        bench.outside().send(packet);
    }
    for (const auto& seen : {from(bench.wire_a(), at_a, source, silence),
                             from(bench.wire_b(), at_b, source, silence)}) {
        if (seen) {
            return fail("of {} packets, one (protocol {}) got in, to {}", packets.size(),
                        seen->protocol, seen->destination.address.text());
        }
    }
    return pass("of {} packets of six kinds, none got in", packets.size());
}

}  // namespace

// The first packet of a session, its answer and the next one: they may take different ways.
Finding ttl(Bench& bench) {
    const Endpoint internal{bench.a().address, bench.new_port()};
    const Endpoint remote{ghost, bench.new_port()};
    for (int packet = 0; packet < 3; ++packet) {
        const std::size_t now = bench.outside().now();
        const std::size_t at_a = bench.wire_a().now();
        bench.wire_a().send(udp_packet(internal, remote, "selftest", {.ttl = ttl_sent}));
        const auto out = bench.outside().find(
            now, [&](const Packet& seen) { return seen.destination.port == remote.port; });
        if (!out || out->ttl != ttl_sent - 1) {
            return fail("sent with {}, packet {} comes out with {}", ttl_sent, packet + 1,
                        out ? std::to_string(out->ttl) : "nothing");
        }
        bench.outside().send(udp_packet(remote, out->source, "selftest", {.ttl = ttl_sent}));
        const auto in = from(bench.wire_a(), at_a, ghost, patience);
        if (!in || in->ttl != ttl_sent - 1) {
            return fail("sent with {}, answer {} comes in with {}", ttl_sent, packet + 1,
                        in ? std::to_string(in->ttl) : "nothing");
        }
    }
    return pass("sent with {}, three packets come out and their answers come in with {}", ttl_sent,
                ttl_sent - 1);
}

Finding ttl_exceeded(Bench& bench) {
    const Endpoint internal{bench.a().address, bench.new_port()};
    const Endpoint remote{ghost, bench.new_port()};
    const std::size_t at_a = bench.wire_a().now();
    const std::size_t now = bench.outside().now();
    bench.wire_a().send(udp_packet(internal, remote, "selftest", {.ttl = 1}));
    const auto error = bench.wire_a().find(at_a, [](const Packet& packet) {
        return packet.protocol == IPPROTO_ICMP && packet.icmp.type == ICMP_TIME_EXCEEDED;
    });
    const auto out = bench.outside().find(
        now, [&](const Packet& packet) { return packet.destination.port == remote.port; }, silence);
    if (out) {
        return fail("a packet with TTL 1 comes out");
    }
    const auto inner = error ? quoted_packet(*error) : std::nullopt;
    if (!inner || inner->source.port != internal.port) {
        return fail("a packet with TTL 1 brings no time exceeded about it");
    }
    return pass("a packet with TTL 1 brings time exceeded from {}", error->source.address.text());
}

Finding unsolicited(Bench& bench) {
    const IpAddress stranger = address("198.51.100.7");
    return keep_out(bench, stranger, one_of_each(bench, stranger, bench.expected().external[0]));
}

Finding directly_addressed(Bench& bench) {
    const IpAddress stranger = address("198.51.100.8");
    std::vector<Bytes> packets = one_of_each(bench, stranger, bench.a().address);
    for (Bytes& packet : one_of_each(bench, stranger, bench.b().address)) {
        packets.push_back(std::move(packet));
    }
    return keep_out(bench, stranger, packets);
}

// Last: it looks back at the whole run, after A has sent what belongs to no session.
Finding no_internal_source(Bench& bench) {
    const Endpoint internal{bench.a().address, bench.new_port()};
    const Endpoint remote{ghost, bench.new_port()};
    for (const Bytes& packet : one_of_each(bench, internal.address, ghost)) {
        bench.wire_a().send(packet);
    }
    Bytes bad_checksum = udp_packet(internal, remote, "selftest");
    bad_checksum.back() ^= 0xffU;
    for (const Bytes& packet :
         {bad_checksum, tcp_packet(internal, remote, {.flags = RST, .sequence = 1}),
          tcp_packet(internal, remote, {.flags = FIN | ACK, .sequence = 1, .acknowledgment = 1}),
          tcp_packet(internal, remote, {.flags = SYN | ACK, .sequence = 1, .acknowledgment = 1}),
          icmp_packet(internal.address, ghost, {ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0},
                      udp_packet(remote, internal, "never sent")),
          fragments(udp_packet(internal, remote, std::string(2000, '.'), {.id = 2}), 1376)[1]}) {
        bench.wire_a().send(packet);
    }
    bench.sleep(silence);
    const auto all = bench.outside().all(0, [](const Packet&) { return true; });
    const IpAddress none{};  // a link that looks for an address
    for (const Packet& packet : all) {
        if (packet.source.address != none && !bench.expected().is_external(packet.source.address)) {
            return fail("one from {} to {} (protocol {}) came out", packet.source.address.text(),
                        packet.destination.address.text(), packet.protocol);
        }
        const auto inner = quoted_packet(packet);
        if (inner && internal_network.contains(inner->destination.address)) {
            return fail("an ICMP error that quotes a packet to {} came out",
                        inner->destination.text());
        }
    }
    return pass("{} packets of the whole selftest came out, all from an external address",
                all.size());
}

}  // namespace ctgate::selftest

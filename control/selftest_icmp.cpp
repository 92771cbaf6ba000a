// SPDX-License-Identifier: GPL-2.0-only
// ICMP: echo, and errors about UDP and TCP sessions (RFC 5508; RFC 4787 section 9, RFC 5382
// section 7.2).
#include <linux/icmp.h>

#include <array>

#include "control/selftest_bench.hpp"
#include "control/selftest_checks.hpp"

namespace ctgate::selftest {
namespace {

constexpr std::uint32_t small_mtu = 1300;

constexpr std::array errors{
    IcmpFields{ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0},
    IcmpFields{ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0},
    IcmpFields{ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, small_mtu},
    IcmpFields{ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0},
};

bool same(const Endpoint& one, const Endpoint& other) {
    return one.address == other.address && one.port == other.port;
}

std::string name(const IcmpFields& icmp) {
    return fmt::format("type {} code {}", icmp.type, icmp.code);
}

// Where UDP and TCP have their checksum, in a packet without IPv4 options; TCP's is beyond the 8
// bytes that an error must quote, but we quote all.
std::array<std::uint8_t, 2> transport_checksum(const Packet& packet) {
    const std::size_t at = packet.protocol == IPPROTO_UDP ? 26 : 36;
    return {packet.bytes.at(at), packet.bytes.at(at + 1)};
}

// What is wrong with an error as A has got it; empty: nothing.
std::string flaw(const Packet& error, const IcmpFields& sent, const Packet& original) {
    const auto inner = quoted_packet(error);
    if (!inner || inner->bytes.size() != original.bytes.size()) {
        return "its quotation is cut";
    }
    if (!same(inner->source, original.source) || !same(inner->destination, original.destination)) {
        return fmt::format("it quotes {} -> {}", inner->source.text(), inner->destination.text());
    }
    if (!header_checksum_is_right(*inner)) {
        return "the checksum of the quoted IPv4 header is wrong";
    }
    if (transport_checksum(*inner) != transport_checksum(original)) {
        return "the quoted transport checksum is not that of the original";
    }
    return error.icmp.rest == sent.rest ? "" : "its second word (the MTU) is changed";
}

// A sends the packet; somebody on the way answers with each of the errors.
Finding revert(Bench& bench, const Bytes& packet) {
    const Packet original = must(parse_packet(packet), "no packet");
    const std::size_t before = bench.outside().now();
    bench.wire_a().send(packet);
    const Packet outside =
        must(bench.outside().find(before,
                                  [&](const Packet& seen) {
                                      return seen.protocol == original.protocol &&
                                             same(seen.destination, original.destination);
                                  }),
             "the packet of A does not come out");
    for (const IcmpFields& error : errors) {
        const std::size_t now = bench.wire_a().now();
        bench.outside().send(
            icmp_packet(outside_router, outside.source.address, error, outside.bytes));
        const auto arrived = bench.wire_a().find(now, [&](const Packet& seen) {
            return seen.protocol == IPPROTO_ICMP && seen.icmp.type == error.type &&
                   seen.icmp.code == error.code && seen.source.address == outside_router;
        });
        if (!arrived) {
            return fail("the error ({}) does not reach A", name(error));
        }
        if (const std::string wrong = flaw(*arrived, error, original); !wrong.empty()) {
            return fail("the error ({}) reaches A, but {}", name(error), wrong);
        }
    }
    return pass("{} kinds of errors about {} reach A with its own packet inside, to the byte",
                errors.size(), outside.source.text());
}

}  // namespace

Finding ping(Bench& bench) {
    const auto id = static_cast<std::uint32_t>(bench.new_port());
    const std::size_t at_a = bench.wire_a().now();
    const std::size_t outside = bench.outside().now();
    bench.wire_a().send(
        icmp_packet(bench.a().address, server1, {ICMP_ECHO, 0, id << 16U | 1U}, {1, 2, 3, 4}));
    const auto request = bench.outside().find(outside, [](const Packet& packet) {
        return packet.protocol == IPPROTO_ICMP && packet.icmp.type == ICMP_ECHO;
    });
    if (!request) {
        return fail("the echo request does not come out");
    }
    const auto reply = bench.wire_a().find(at_a, [](const Packet& packet) {
        return packet.protocol == IPPROTO_ICMP && packet.icmp.type == ICMP_ECHOREPLY;
    });
    if (!reply || reply->icmp.rest >> 16U != id) {
        return fail("the reply {}", reply ? "has another identifier" : "does not reach A");
    }
    return pass("an echo request leaves as {} with identifier {}, and the reply reaches A",
                request->source.address.text(), request->icmp.rest >> 16U);
}

Finding error_from_outside(Bench& bench) {
    return revert(bench, udp_packet({bench.a().address, bench.new_port()},
                                    {ghost, bench.new_port()}, bench.new_word()));
}

Finding error_from_outside_tcp(Bench& bench) {
    return revert(bench, tcp_packet({bench.a().address, bench.new_port()},
                                    {ghost, bench.new_port()}, {.flags = SYN, .sequence = 1}));
}

// Nobody listens at B any more when the answer comes.
Finding error_from_inside(Bench& bench) {
    UdpSocket server = bench.udp(server1, bench.new_port());
    Endpoint external;
    {
        UdpSocket b = bench.udp(bench.b(), bench.new_port());
        external = must(bench.seen_by(b, server), "B does not reach S1");
    }
    const std::size_t now = bench.outside().now();
    server.send(external, bench.new_word());
    const auto error = bench.outside().find(now, [](const Packet& packet) {
        return packet.is_icmp_error() && packet.icmp.code == ICMP_PORT_UNREACH;
    });
    if (!error) {
        return fail("B's port unreachable does not come out");
    }
    const auto inner = quoted_packet(*error);
    if (!inner || !same(inner->destination, external) || !same(inner->source, server.local())) {
        return fail("B's port unreachable comes out, but it quotes {} -> {}",
                    inner ? inner->source.text() : "nothing",
                    inner ? inner->destination.text() : "");
    }
    return {bench.expected().is_external(error->source.address) ? Result::pass : Result::fail,
            fmt::format("B's port unreachable comes out from {}, quoting a packet to {}",
                        error->source.address.text(), inner->destination.text())};
}

// Errors about packets that A never sent, though it has a session that is much like them.
Finding forged_errors(Bench& bench) {
    const Endpoint internal{bench.a().address, bench.new_port()};
    UdpSocket a = bench.udp(bench.a(), internal.port);
    UdpSocket server = bench.udp(server1, bench.new_port());
    const Endpoint remote = server.local();
    const Endpoint external = must(bench.seen_by(a, server), "A does not reach S1");
    const std::size_t at_a = bench.wire_a().now();
    const std::size_t at_b = bench.wire_b().now();
    const Endpoint unmapped{external.address, bench.new_port()};
    const std::array forged{
        udp_packet(external, {server2, remote.port}, "another remote address"),
        udp_packet(external, {remote.address, bench.new_port()}, "another remote port"),
        udp_packet(unmapped, remote, "a port that nobody has"),
        udp_packet(internal, remote, "the internal endpoint"),
        udp_packet(remote, external, "the other direction"),
        tcp_packet(external, remote, {.flags = SYN, .sequence = 1}),
    };
    for (const Bytes& inner : forged) {
        bench.outside().send(icmp_packet(outside_router, external.address,
                                         {ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0}, inner));
    }
    const auto is_error = [](const Packet& packet) { return packet.is_icmp_error(); };
    const auto seen = bench.wire_a().find(at_a, is_error, silence);
    if (seen || bench.wire_b().find(at_b, is_error, silence)) {
        const auto inner = seen ? quoted_packet(*seen) : std::nullopt;
        return fail("a forged error gets in{}",
                    inner ? fmt::format(", quoting {} -> {}", inner->source.text(),
                                        inner->destination.text())
                          : "");
    }
    return pass("of {} errors about packets that A did not send, none gets in", forged.size());
}

Finding udp_survives_errors(Bench& bench) {
    UdpSocket a = bench.udp(bench.a(), bench.new_port());
    UdpSocket server = bench.udp(server1, bench.new_port());
    const Endpoint external = must(bench.seen_by(a, server), "A does not reach S1");
    for (const IcmpFields& error : errors) {
        bench.outside().send(icmp_packet(outside_router, external.address, error,
                                         udp_packet(external, server.local(), "selftest")));
    }
    if (!bench.arrives(server, external, a)) {
        return fail("after an ICMP error, S1 no longer reaches A at {}", external.text());
    }
    const auto after = bench.seen_by(a, server);
    if (!after || !same(*after, external)) {
        return fail("after an ICMP error, {} became {}", external.text(),
                    after ? after->text() : "nothing");
    }
    return pass("after {} kinds of errors, {} still works both ways", errors.size(),
                external.text());
}

Finding tcp_survives_errors(Bench& bench) {
    TcpSocket listener = bench.listener(server1, bench.new_port());
    const std::size_t now = bench.outside().now();
    Connection connection =
        must(bench.connect(bench.a(), bench.new_port(), listener), "A cannot connect to S1");
    if (!Bench::converse(connection.client, connection.server)) {
        return fail("no data gets through at all");
    }
    const Packet data =
        must(bench.outside().find(now,
                                  [&](const Packet& packet) {
                                      return same(packet.source, connection.external) &&
                                             !packet.payload.empty();
                                  }),
             "A's data is not to be seen");
    for (const IcmpFields& error : errors) {
        bench.outside().send(icmp_packet(outside_router, data.source.address, error, data.bytes));
    }
    if (!Bench::converse(connection.server, connection.client) ||
        !Bench::converse(connection.client, connection.server)) {
        return fail("after an ICMP error, the connection of {} is dead", data.source.text());
    }
    return pass("after {} kinds of errors, the connection of {} goes on", errors.size(),
                data.source.text());
}

}  // namespace ctgate::selftest

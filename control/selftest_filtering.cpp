// SPDX-License-Identifier: GPL-2.0-only
// Filtering: whom a mapping lets in (RFC 4787 section 5).
#include "control/option_values.hpp"
#include "control/selftest_bench.hpp"
#include "control/selftest_checks.hpp"

namespace ctgate::selftest {
namespace {

Finding judge(const Bench& bench, bool from_other_port, bool from_other_address) {
    const FilteringBehaviour seen = filtering_seen(from_other_port, from_other_address);
    const FilteringBehaviour expected = bench.expected().behaviour.filtering;
    const std::string observed = fmt::format(
        "to a mapping used towards S1 only, another port of S1 {}, S2 {}: {}",
        from_other_port ? "is let in" : "is kept out",
        from_other_address ? "is let in" : "is kept out",
        from_other_address && !from_other_port ? "neither of the three kinds" : text(seen));
    if (from_other_address && !from_other_port) {
        return fail("{}", observed);
    }
    return seen == expected ? pass("{}", observed)
                            : fail("{} (expected: {})", observed, text(expected));
}

}  // namespace

Finding udp_filtering(Bench& bench) {
    UdpSocket a = bench.udp(bench.a(), bench.new_port());
    const std::uint16_t port = bench.new_port();
    UdpSocket solicited = bench.udp(server1, port);
    UdpSocket other_port = bench.udp(server1, bench.new_port());
    UdpSocket other_address = bench.udp(server2, port);
    const Endpoint external = must(bench.seen_by(a, solicited), "A does not reach S1");
    const bool address = bench.arrives(other_address, external, a, silence);
    const bool other = bench.arrives(other_port, external, a, silence);
    if (!bench.arrives(solicited, external, a)) {
        return fail("not even the answer of S1 reaches A");
    }
    return judge(bench, other, address);
}

Finding tcp_filtering(Bench& bench) {
    TcpSocket listener = bench.listener(server1, bench.new_port());
    const std::uint16_t port = bench.new_port();
    TcpSocket listening_too = bench.tcp(bench.a(), port);
    listening_too.listen();
    const Connection connection =
        must(bench.connect(bench.a(), port, listener), "A cannot connect to S1");
    // SYNs of nobody's stack, to be seen on A's wire.
    const auto let_in = [&](const Endpoint& from) {
        const std::size_t now = bench.wire_a().now();
        bench.outside().send(tcp_packet(from, connection.external, {.flags = SYN, .sequence = 1}));
        return bench.wire_a()
            .find(
                now,
                [&](const Packet& packet) {
                    return packet.protocol == IPPROTO_TCP && packet.tcp.flags == SYN &&
                           packet.source.port == from.port;
                },
                silence)
            .has_value();
    };
    const bool address = let_in({ghost, bench.new_port()});
    return judge(bench, let_in({server1, bench.new_port()}), address);
}

}  // namespace ctgate::selftest

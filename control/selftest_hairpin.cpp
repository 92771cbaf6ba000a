// SPDX-License-Identifier: GPL-2.0-only
// Hairpinning: two internal hosts by their external endpoints (RFC 4787 section 6, RFC 5382
// section 7.1). Filtering may want that both have sent, as hole punching does.
#include "control/option_values.hpp"
#include "control/selftest_bench.hpp"
#include "control/selftest_checks.hpp"

namespace ctgate::selftest {
namespace {

struct Meeting {
    std::optional<Datagram> at_a, at_b;
    Endpoint external_a, external_b;
};

Meeting meet(Bench& bench) {
    UdpSocket a = bench.udp(bench.a(), bench.new_port());
    UdpSocket b = bench.udp(bench.b(), bench.new_port());
    UdpSocket server = bench.udp(server1, bench.new_port());
    Meeting meeting;
    meeting.external_a = must(bench.seen_by(a, server), "A does not reach S1");
    meeting.external_b = must(bench.seen_by(b, server), "B does not reach S1");
    constexpr int rounds = 3;
    for (int round = 0; round < rounds && !(meeting.at_a && meeting.at_b); ++round) {
        const std::string of_a = bench.new_word();
        const std::string of_b = bench.new_word();
        a.send(meeting.external_b, of_a);
        meeting.at_b = b.receive(of_a, silence);
        b.send(meeting.external_a, of_b);
        meeting.at_a = a.receive(of_b, silence);
    }
    return meeting;
}

std::optional<Finding> without_mapping(const Bench& bench) {
    const MappingBehaviour mapping = bench.expected().behaviour.mapping;
    if (mapping == MappingBehaviour::endpoint_independent) {
        return std::nullopt;
    }
    return not_applicable("mapping is configured to be {}: no external endpoint holds for all",
                          text(mapping));
}

bool same(const Endpoint& one, const Endpoint& other) {
    return one.address == other.address && one.port == other.port;
}

}  // namespace

Finding udp_hairpinning(Bench& bench) {
    if (auto finding = without_mapping(bench)) {
        return *finding;
    }
    const Meeting meeting = meet(bench);
    if (meeting.at_a && meeting.at_b) {
        return pass("A ({}) and B ({}) hear each other", meeting.external_a.text(),
                    meeting.external_b.text());
    }
    if (meeting.at_a || meeting.at_b) {
        return fail("only {} hears the other", meeting.at_a ? "A" : "B");
    }
    return fail("A ({}) and B ({}) do not hear each other", meeting.external_a.text(),
                meeting.external_b.text());
}

Finding udp_hairpin_source(Bench& bench) {
    if (auto finding = without_mapping(bench)) {
        return *finding;
    }
    const Meeting meeting = meet(bench);
    if (!meeting.at_a || !meeting.at_b) {
        return fail("nothing arrives");
    }
    const bool right = same(meeting.at_a->from, meeting.external_b) &&
                       same(meeting.at_b->from, meeting.external_a);
    const std::string observed = fmt::format("A, {} outside, sees {}; B, {} outside, sees {}",
                                             meeting.external_a.text(), meeting.at_a->from.text(),
                                             meeting.external_b.text(), meeting.at_b->from.text());
    return {right ? Result::pass : Result::fail, observed};
}

Finding tcp_hairpinning(Bench& bench) {
    if (auto finding = without_mapping(bench)) {
        return *finding;
    }
    TcpSocket server = bench.listener(server1, bench.new_port());
    const std::uint16_t port_a = bench.new_port();
    const std::uint16_t port_b = bench.new_port();
    // Whichever SYN is let in finds somebody.
    TcpSocket listening_a = bench.tcp(bench.a(), port_a);
    listening_a.listen();
    TcpSocket listening_b = bench.tcp(bench.b(), port_b);
    listening_b.listen();
    const Connection of_a =
        must(bench.connect(bench.a(), port_a, server), "A cannot connect to S1");
    const Connection of_b =
        must(bench.connect(bench.b(), port_b, server), "B cannot connect to S1");

    const std::size_t at_a = bench.wire_a().now();
    TcpSocket a = bench.tcp(bench.a(), port_a);
    a.connect(of_b.external);
    auto accepted = listening_b.accept(silence);
    if (accepted) {
        const bool right = same(accepted->remote, of_a.external);
        return {right && a.connected() && Bench::converse(a, accepted->socket) ? Result::pass
                                                                               : Result::fail,
                fmt::format("A connects to {}, and B sees {}", of_b.external.text(),
                            accepted->remote.text())};
    }
    // Filtered, and remembered: now B may come.
    TcpSocket b = bench.tcp(bench.b(), port_b);
    b.connect(of_a.external);
    const auto syn = bench.wire_a().find(at_a, [&](const Packet& packet) {
        return packet.protocol == IPPROTO_TCP && (packet.tcp.flags & SYN) != 0 &&
               packet.destination.port == port_a;
    });
    if (!syn) {
        return fail("neither connects: A from {}, B from {}", of_a.external.text(),
                    of_b.external.text());
    }
    if (!same(syn->source, of_b.external)) {
        return fail("A sees {} instead of {}", syn->source.text(), of_b.external.text());
    }
    constexpr std::chrono::milliseconds after_a_repetition{4000};
    if (!a.connected(after_a_repetition) || !b.connected(after_a_repetition) ||
        !Bench::converse(a, b)) {
        return fail("A sees the SYN of {}, but they do not get connected", syn->source.text());
    }
    return pass("A ({}) and B ({}) meet, each having sent a SYN", of_a.external.text(),
                of_b.external.text());
}

}  // namespace ctgate::selftest

// SPDX-License-Identifier: GPL-2.0-only
// Timers, read from the table of the NAT: how long has a session left?
#include <linux/icmp.h>

#include <algorithm>

#include "control/selftest_bench.hpp"
#include "control/selftest_checks.hpp"

namespace ctgate::selftest {
namespace {

using namespace std::chrono_literals;

// Seconds.
constexpr unsigned udp_minimum = 120;
constexpr unsigned icmp_minimum = 60;
constexpr unsigned tcp_established_minimum = 7440;
constexpr unsigned tcp_transitory_minimum = 240;
constexpr unsigned slack = 5;  // the table counts down in whole seconds, and a busy machine waits
constexpr unsigned trust = 1;  // the short path adds the second in which it does not look

Finding judge(const Bench& bench, const char* session, const std::optional<Session>& entry,
              unsigned Timeouts::*timeout, unsigned minimum) {
    const unsigned configured = bench.expected().timeouts.*timeout;
    if (!entry) {
        return fail("{} has no entry in the table", session);
    }
    if (entry->timeout + slack < std::min(configured, minimum)) {
        return fail("{} has {} s left, less than {} s", session, entry->timeout,
                    std::min(configured, minimum));
    }
    if (bench.plan().against == Against::ctgate && entry->timeout > configured + trust) {
        return fail("{} has {} s left, more than the {} s that were configured", session,
                    entry->timeout, configured);
    }
    if (configured < minimum) {
        return not_applicable("configured to be {} s, less than {} s; {} has {} s left", configured,
                              minimum, session, entry->timeout);
    }
    return pass("{} has {} s left", session, entry->timeout);
}

// Both sides have closed; the entry once it says so.
std::optional<Session> closed_session(Bench& bench) {
    TcpSocket listener = bench.listener(server1, bench.new_port());
    const Endpoint internal{bench.a().address, bench.new_port()};
    {
        Connection connection =
            must(bench.connect(bench.a(), internal.port, listener), "A cannot connect to S1");
        { const TcpSocket ends = std::move(connection.client); }
        connection.server.receive();  // the end
    }
    std::optional<Session> entry;
    constexpr int tries = 50;
    for (int i = 0; i < tries; ++i) {
        entry = bench.entry(IPPROTO_TCP, internal, listener.local());
        if (!entry || entry->state == "TIME_WAIT") {
            break;
        }
        bench.sleep(20ms);
    }
    return entry;
}

}  // namespace

Finding udp_timer(Bench& bench) {
    const Endpoint internal{bench.a().address, bench.new_port()};
    const Endpoint remote{ghost, bench.new_port()};
    const std::size_t now = bench.outside().now();
    bench.wire_a().send(udp_packet(internal, remote, "selftest"));
    must(bench.outside().find(
             now, [&](const Packet& packet) { return packet.destination.port == remote.port; }),
         "A's packet does not come out");
    return judge(bench, "an unanswered session", bench.entry(IPPROTO_UDP, internal, remote),
                 &Timeouts::udp, udp_minimum);
}

Finding udp_outbound_refresh(Bench& bench) {
    UdpSocket a = bench.udp(bench.a(), bench.new_port());
    UdpSocket server = bench.udp(server1, bench.new_port());
    const auto left = [&] {
        const auto entry = bench.entry(IPPROTO_UDP, a.local(), server.local());
        return entry ? entry->timeout : 0;
    };
    must(bench.seen_by(a, server), "A does not reach S1");
    bench.sleep(2200ms);
    const std::uint32_t before = left();
    must(bench.seen_by(a, server), "A does not reach S1 again");
    const std::uint32_t after = left();
    return {after > before ? Result::pass : Result::fail,
            fmt::format("idle for 2.2 s, a session has {} s left; after a packet from A, {} s",
                        before, after)};
}

Finding icmp_timer(Bench& bench) {
    const std::uint16_t id = bench.new_port();
    const std::size_t now = bench.outside().now();
    bench.wire_a().send(icmp_packet(bench.a().address, ghost,
                                    {ICMP_ECHO, 0, std::uint32_t{id} << 16U}, {1, 2, 3, 4}));
    must(bench.outside().find(now,
                              [](const Packet& packet) { return packet.protocol == IPPROTO_ICMP; }),
         "A's echo request does not come out");
    const auto entry = bench.entry([&](const Session& session) {
        return session.protocol == IPPROTO_ICMP && session.icmp_id == id;
    });
    return judge(bench, "an unanswered echo request", entry, &Timeouts::icmp, icmp_minimum);
}

Finding tcp_established_timer(Bench& bench) {
    TcpSocket listener = bench.listener(server1, bench.new_port());
    const Endpoint internal{bench.a().address, bench.new_port()};
    Connection connection =
        must(bench.connect(bench.a(), internal.port, listener), "A cannot connect to S1");
    Bench::converse(connection.client, connection.server);
    return judge(bench, "an established connection",
                 bench.entry(IPPROTO_TCP, internal, listener.local()), &Timeouts::tcp_established,
                 tcp_established_minimum);
}

Finding tcp_opening_timer(Bench& bench) {
    const Endpoint internal{bench.a().address, bench.new_port()};
    const Endpoint remote{ghost, bench.new_port()};
    const std::size_t now = bench.outside().now();
    bench.wire_a().send(tcp_packet(internal, remote, {.flags = SYN, .sequence = 1}));
    must(bench.outside().find(
             now, [&](const Packet& packet) { return packet.destination.port == remote.port; }),
         "A's SYN does not come out");
    return judge(bench, "a connection with its first SYN sent",
                 bench.entry(IPPROTO_TCP, internal, remote), &Timeouts::tcp_transitory,
                 tcp_transitory_minimum);
}

Finding tcp_closing_timer(Bench& bench) {
    return judge(bench, "a connection that both sides have closed", closed_session(bench),
                 &Timeouts::tcp_transitory, tcp_transitory_minimum);
}

Finding reset_entry_kept(Bench& bench) {
    TcpSocket listener = bench.listener(server1, bench.new_port());
    const Endpoint internal{bench.a().address, bench.new_port()};
    Connection connection =
        must(bench.connect(bench.a(), internal.port, listener), "A cannot connect to S1");
    Bench::converse(connection.client, connection.server);
    const std::size_t now = bench.wire_a().now();
    connection.server.reset();
    must(bench.wire_a().find(now,
                             [](const Packet& packet) { return (packet.tcp.flags & RST) != 0; }),
         "the RST of S1 does not reach A");
    return judge(bench, "a connection that was reset",
                 bench.entry(IPPROTO_TCP, internal, listener.local()), &Timeouts::tcp_transitory,
                 tcp_transitory_minimum);
}

}  // namespace ctgate::selftest

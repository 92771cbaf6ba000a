// SPDX-License-Identifier: GPL-2.0-only
// Timers as they are: sessions of each kind are left alone at once, and tried when they must still
// live and when they should have ended. With timers set to seconds, or, with --full, for as long as
// the RFCs say; then their end is not waited for.
#include "control/selftest_idle.hpp"

#include <linux/icmp.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <vector>

#include "control/selftest_bench.hpp"
#include "control/selftest_checks.hpp"

namespace ctgate::selftest {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

// A session that can be tried from outside. Trying one may refresh it, so each is tried once.
using Probe = std::function<bool(Milliseconds limit)>;  // does it get in?

Probe udp_probe(Bench& bench) {
    auto a = std::make_shared<UdpSocket>(bench.udp(bench.a(), bench.new_port()));
    auto server = std::make_shared<UdpSocket>(bench.udp(server1, bench.new_port()));
    const Endpoint external = must(bench.seen_by(*a, *server), "A does not reach S1");
    return {
        [=, &bench](Milliseconds limit) { return bench.arrives(*server, external, *a, limit); }};
}

// A sends again before the mapping's time is over.
struct Refreshed {
    std::function<void()> refresh;
    Probe probe;
};

Refreshed refreshed_probe(Bench& bench) {
    auto a = std::make_shared<UdpSocket>(bench.udp(bench.a(), bench.new_port()));
    auto server = std::make_shared<UdpSocket>(bench.udp(server1, bench.new_port()));
    const Endpoint external = must(bench.seen_by(*a, *server), "A does not reach S1");
    return {
        [=, &bench] { bench.seen_by(*a, *server); },
        [=, &bench](Milliseconds limit) { return bench.arrives(*server, external, *a, limit); }};
}

Probe icmp_probe(Bench& bench) {
    const std::uint32_t id = bench.new_port();
    const std::size_t now = bench.outside().now();
    bench.wire_a().send(icmp_packet(bench.a().address, ghost, {ICMP_ECHO, 0, id << 16U}, {}));
    const Packet request =
        must(bench.outside().find(now,
                                  [](const Packet& packet) {
                                      return packet.destination.address == ghost &&
                                             packet.protocol == IPPROTO_ICMP;
                                  }),
             "A's echo request does not come out");
    return [=, &bench](Milliseconds limit) {
        const std::size_t at_a = bench.wire_a().now();
        bench.outside().send(
            icmp_packet(ghost, request.source.address, {ICMP_ECHOREPLY, 0, request.icmp.rest}, {}));
        return bench.wire_a()
            .find(
                at_a,
                [&](const Packet& packet) {
                    return packet.icmp.type == ICMP_ECHOREPLY && packet.icmp.rest == id << 16U;
                },
                limit)
            .has_value();
    };
}

// The other side has not answered A's SYN yet.
Probe opening_probe(Bench& bench) {
    const Endpoint internal{bench.a().address, bench.new_port()};
    const Endpoint remote{ghost, bench.new_port()};
    const std::size_t now = bench.outside().now();
    bench.wire_a().send(tcp_packet(internal, remote, {.flags = SYN, .sequence = 1}));
    const Packet syn =
        must(bench.outside().find(
                 now, [&](const Packet& packet) { return packet.destination.port == remote.port; }),
             "A's SYN does not come out");
    return [=, &bench](Milliseconds limit) {
        const std::size_t at_a = bench.wire_a().now();
        bench.outside().send(tcp_packet(remote, syn.source,
                                        {.flags = SYN | ACK, .sequence = 1, .acknowledgment = 2}));
        return bench.wire_a()
            .find(
                at_a,
                [&](const Packet& packet) { return packet.destination.port == internal.port; },
                limit)
            .has_value();
    };
}

Probe established_probe(Bench& bench) {
    TcpSocket listener = bench.listener(server1, bench.new_port());
    auto connection = std::make_shared<Connection>(
        must(bench.connect(bench.a(), bench.new_port(), listener), "A cannot connect to S1"));
    Bench::converse(connection->client, connection->server);
    return [=](Milliseconds limit) {
        connection->server.send("still there?");
        return !connection->client.receive(limit).empty();
    };
}

struct Event {
    Milliseconds time;
    std::function<void()> happen;
};

void happen(Bench& bench, Clock::time_point start, std::vector<Event> events) {
    std::stable_sort(events.begin(), events.end(),
                     [](const Event& one, const Event& other) { return one.time < other.time; });
    for (const Event& event : events) {
        const auto left = std::chrono::ceil<Milliseconds>(start + event.time - Clock::now());
        bench.sleep(std::max(left, 0ms));
        event.happen();
    }
}

Event try_at(Milliseconds time, const Probe& probe, bool& result, Milliseconds limit) {
    return {time, [=, &result] { result = probe(limit); }};
}

// Timers of `scaled_timer` seconds.
IdleObservations observe_scaled(Bench& bench) {
    constexpr Milliseconds alive = 1800ms;
    constexpr Milliseconds over = 8s;  // whatever sweeps up may come a little later
    IdleObservations seen;
    seen.alive_after = alive;
    seen.over_after = over;
    const auto start = Clock::now();
    const Refreshed refreshed = refreshed_probe(bench);
    const std::vector<Event> events{
        try_at(alive, udp_probe(bench), seen.udp.alive, patience),
        try_at(over, udp_probe(bench), seen.udp.lives_on, silence),
        try_at(alive, icmp_probe(bench), seen.icmp.alive, patience),
        try_at(over, icmp_probe(bench), seen.icmp.lives_on, silence),
        try_at(alive, opening_probe(bench), seen.tcp_opening.alive, patience),
        try_at(over, opening_probe(bench), seen.tcp_opening.lives_on, silence),
        try_at(alive, established_probe(bench), seen.tcp_established.alive, patience),
        try_at(over, established_probe(bench), seen.tcp_established.lives_on, silence),
        {2s, refreshed.refresh},
        {4s, refreshed.refresh},
        try_at(5500ms, refreshed.probe, seen.udp_refreshed, patience),
    };
    happen(bench, start, events);
    return seen;
}

// Until just before the RFCs allow an end.
IdleObservations observe_full(Bench& bench) {
    IdleObservations seen;
    seen.full = true;
    const auto start = Clock::now();
    const std::vector<Event> events{
        try_at(59s, icmp_probe(bench), seen.icmp.alive, patience),
        try_at(119s, udp_probe(bench), seen.udp.alive, patience),
        try_at(239s, opening_probe(bench), seen.tcp_opening.alive, patience),
    };
    happen(bench, start, events);
    return seen;
}

// nullptr: there is nothing to see.
std::shared_ptr<const IdleObservations> observe(Bench& bench) {
    if (!bench.idle && bench.plan().full) {
        bench.idle = std::make_shared<IdleObservations>(observe_full(bench));
    } else if (!bench.idle && bench.plan().scaled_options) {
        bench.subject().restart(*bench.plan().scaled_options);
        bench.idle = std::make_shared<IdleObservations>(observe_scaled(bench));
    }
    return bench.idle;
}

Finding judge(Bench& bench, IdleObservations::Kind IdleObservations::*kind, int full_seconds) {
    const auto all = observe(bench);
    if (!all) {
        return not_applicable("there is nothing to set its timers by; --full waits");
    }
    const IdleObservations::Kind& seen = *all.*kind;
    if (all->full) {
        return {seen.alive ? Result::pass : Result::fail,
                fmt::format("idle for {} s, it {}", full_seconds,
                            seen.alive ? "still lives" : "has ended")};
    }
    return {seen.alive && !seen.lives_on ? Result::pass : Result::fail,
            fmt::format("set to {} s for this, idle for {} s it {}, for {} s it {}", scaled_timer,
                        static_cast<double>(all->alive_after.count()) / 1000,
                        seen.alive ? "lives" : "has ended already", all->over_after.count() / 1000,
                        seen.lives_on ? "still lives" : "has ended")};
}

}  // namespace

Finding idle_udp(Bench& bench) {
    return judge(bench, &IdleObservations::udp, 119);
}

Finding idle_udp_refreshed(Bench& bench) {
    const auto all = observe(bench);
    if (!all || all->full) {
        return not_applicable("there is nothing to set its timers by, or --full");
    }
    return {all->udp_refreshed ? Result::pass : Result::fail,
            fmt::format("set to {} s for this, used again after 2 and 4 s, after 5.5 s it {}",
                        scaled_timer, all->udp_refreshed ? "lives" : "has ended")};
}

Finding idle_icmp(Bench& bench) {
    return judge(bench, &IdleObservations::icmp, 59);
}

Finding idle_tcp_opening(Bench& bench) {
    return judge(bench, &IdleObservations::tcp_opening, 239);
}

Finding idle_tcp_established(Bench& bench) {
    if (bench.plan().full) {
        return not_applicable("not even --full waits for 2 h 4 min");
    }
    return judge(bench, &IdleObservations::tcp_established, 0);
}

}  // namespace ctgate::selftest

// SPDX-License-Identifier: GPL-2.0-only
// Mapping: which external endpoint an internal one has, towards whom (RFC 4787 section 4.1).
#include "control/option_values.hpp"
#include "control/selftest_caller.hpp"
#include "control/selftest_checks.hpp"

namespace ctgate::selftest {
namespace {

bool same(const Endpoint& one, const Endpoint& other) {
    return one.address == other.address && one.port == other.port;
}

// A mapping behaviour that was asked for is no failure; what it means is said all the same.
Finding judge(Bench& bench, bool met, const std::string& observed) {
    const MappingBehaviour mapping = bench.expected().behaviour.mapping;
    if (mapping != MappingBehaviour::endpoint_independent) {
        return not_applicable("configured to be {}: {}", text(mapping), observed);
    }
    return {met ? Result::pass : Result::fail, observed};
}

Finding mapping(Bench& bench, std::uint8_t protocol) {
    Caller a(bench, protocol, bench.a(), bench.new_port());
    const std::uint16_t one = bench.new_port();
    const std::uint16_t other = bench.new_port();
    const Endpoint first = a.ask({server1, one});
    const Endpoint second = a.ask({server1, other});
    const Endpoint third = a.ask({server2, one});
    if (same(first, second) && same(first, third)) {
        return judge(bench, true,
                     fmt::format("{} to S1, to another port of S1 and to S2", first.text()));
    }
    return judge(bench, false,
                 fmt::format("{} to S1, :{} to another port of S1, :{} to S2", first.text(),
                             second.port, third.port));
}

// B has the port towards S2 already when A comes. A NAT that chooses a port for each session, so
// that its reply tuple is unique, gives A one port towards S1 and another towards S2.
Finding contended(Bench& bench, std::uint8_t protocol) {
    constexpr std::uint16_t port = 4000;
    const Endpoint contended{server2, 9000};
    Caller b(bench, protocol, bench.b(), port);
    const Endpoint taken = b.ask(contended);
    Caller a(bench, protocol, bench.a(), port);
    const Endpoint first = a.ask({server1, 9000});
    const Endpoint second = a.ask(contended);
    return judge(bench, same(first, second),
                 same(first, second)
                     ? fmt::format("{} to S1 and S2, while B has {}", first.text(), taken.text())
                     : fmt::format("{} to S1 but :{} to S2, where B had {}", first.text(),
                                   second.port, taken.text()));
}

Finding overloading(Bench& bench, std::uint8_t protocol) {
    const std::uint16_t port = bench.new_port();
    Caller b(bench, protocol, bench.b(), port);
    Caller a(bench, protocol, bench.a(), port);
    const Endpoint of_b = b.ask({server2, bench.new_port()});
    const Endpoint of_a = a.ask({server1, bench.new_port()});
    return judge(bench, !same(of_a, of_b),
                 same(of_a, of_b) ? fmt::format("A and B both have {}", of_a.text())
                                  : fmt::format("A has {}, B has {}", of_a.text(), of_b.text()));
}

}  // namespace

Finding udp_mapping(Bench& bench) {
    return mapping(bench, IPPROTO_UDP);
}

Finding udp_mapping_contended(Bench& bench) {
    return contended(bench, IPPROTO_UDP);
}

Finding udp_overloading(Bench& bench) {
    return overloading(bench, IPPROTO_UDP);
}

Finding tcp_mapping(Bench& bench) {
    return mapping(bench, IPPROTO_TCP);
}

Finding tcp_mapping_contended(Bench& bench) {
    return contended(bench, IPPROTO_TCP);
}

Finding tcp_overloading(Bench& bench) {
    return overloading(bench, IPPROTO_TCP);
}

}  // namespace ctgate::selftest

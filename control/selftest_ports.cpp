// SPDX-License-Identifier: GPL-2.0-only
// Which external addresses and ports are given out (RFC 4787 sections 4.1 and 4.2).
#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "control/selftest_caller.hpp"
#include "control/selftest_checks.hpp"

namespace ctgate::selftest {
namespace {

constexpr std::uint16_t first_of_upper_class = 1024;

// A's external port for this source port, which B has taken towards the same remote endpoint.
std::uint16_t second_best(Bench& bench, std::uint16_t port) {
    const Endpoint server{server1, bench.new_port()};
    Caller b(bench, IPPROTO_UDP, bench.b(), port);
    b.ask(server);
    Caller a(bench, IPPROTO_UDP, bench.a(), port);
    return a.ask(server).port;
}

bool uses_well_known_ports(const Bench& bench) {
    const auto& ranges = bench.expected().port_ranges;
    return std::any_of(ranges.begin(), ranges.end(), [](const PortRangeOption& range) {
        return range.low < first_of_upper_class;
    });
}

}  // namespace

Finding pooling(Bench& bench) {
    if (bench.expected().external.size() < 2) {
        return not_applicable("there is one external address only");
    }
    std::set<std::string> addresses;
    for (const std::uint8_t protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
        for (const IpAddress& server : {server1, server2}) {
            Caller a(bench, protocol, bench.a(), bench.new_port());
            addresses.insert(a.ask({server, bench.new_port()}).address.text());
        }
    }
    if (addresses.size() > 1) {
        return fail("four sessions of A have {} external addresses", addresses.size());
    }
    return pass("four sessions of A, TCP and UDP, all have {}", *addresses.begin());
}

Finding port_class(Bench& bench) {
    const std::uint16_t port = bench.new_port();
    const std::uint16_t external = second_best(bench, port);
    if (external < first_of_upper_class) {
        return fail("source port {} became :{}", port, external);
    }
    if (!uses_well_known_ports(bench)) {
        return pass("source port {} became :{}; there are no external ports below 1024 to give",
                    port, external);
    }
    constexpr std::uint16_t low = 700;
    const std::uint16_t low_external = second_best(bench, low);
    if (low_external >= first_of_upper_class) {
        return fail("source port {} became :{}", low, low_external);
    }
    return pass("source port {} became :{}, {} became :{}", port, external, low, low_external);
}

Finding port_parity(Bench& bench) {
    constexpr unsigned samples = 6;
    unsigned kept = 0;
    for (unsigned i = 0; i < samples; ++i) {
        const auto port = static_cast<std::uint16_t>(bench.new_port() + i % 2);
        kept += second_best(bench, port) % 2 == port % 2 ? 1 : 0;
    }
    if (kept == samples) {
        return pass("kept for {} source ports, even and odd, that were taken", samples);
    }
    return not_applicable(
        "kept for {} of {} source ports that were taken (a NAT may do without: RFC 7857 section 9)",
        kept, samples);
}

// Of a range that was configured, a port may be somebody's already.
Finding port_preservation(Bench& bench) {
    constexpr unsigned tries = 3;
    std::string observed;
    for (unsigned i = 0; i < tries; ++i) {
        std::uint16_t port = bench.new_port();
        if (!bench.expected().may_use(port)) {
            const PortRangeOption& range = bench.expected().port_ranges.front();
            port = std::max(range.low, static_cast<std::uint16_t>(range.high - i));
        }
        Caller a(bench, IPPROTO_UDP, bench.a(), port);
        const Endpoint external = a.ask({server1, bench.new_port()});
        if (external.port == port) {
            return pass("source port {} became {}", port, external.text());
        }
        observed +=
            fmt::format("{}source port {} became :{}", i == 0 ? "" : ", ", port, external.port);
    }
    return fail("{}", observed);
}

}  // namespace ctgate::selftest

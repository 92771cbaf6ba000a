// SPDX-License-Identifier: GPL-2.0-only
// What does not fit, and what comes in pieces (RFC 4787 sections 10 and 11).
#include <linux/icmp.h>

#include <algorithm>

#include "control/selftest_bench.hpp"
#include "control/selftest_checks.hpp"

namespace ctgate::selftest {
namespace {

constexpr std::size_t full_payload = 1472;    // of UDP, in 1500 bytes
constexpr std::size_t in_three_parts = 3500;  // of UDP
constexpr std::size_t part = 1376;            // a multiple of 8, within the outside's MTU

std::string filler(const std::string& word, std::size_t size) {
    std::string text = word;
    text.resize(size, '.');
    return text;
}

void send_fragments(Wire& wire, const Bytes& packet, bool in_order) {
    std::vector<Bytes> parts = fragments(packet, part);
    if (!in_order) {
        std::reverse(parts.begin(), parts.end());
    }
    for (const Bytes& each : parts) {
        wire.send(each);
    }
}

Finding receive_fragments(Bench& bench, bool in_order) {
    UdpSocket a = bench.udp(bench.a(), bench.new_port());
    UdpSocket server = bench.udp(server1, bench.new_port());
    const Endpoint external = must(bench.seen_by(a, server), "A does not reach S1");
    const std::string text = filler(bench.new_word(), in_three_parts);
    const IpFields ip{.id = a.local().port};

    send_fragments(bench.outside(), udp_packet(server.local(), external, text, ip), in_order);
    const bool inbound = a.receive(text).has_value();
    send_fragments(bench.wire_a(), udp_packet(a.local(), server.local(), text, ip), in_order);
    const bool outbound = server.receive(text).has_value();
    if (inbound && outbound) {
        return pass("three fragments, {}, arrive inbound and outbound",
                    in_order ? "first to last" : "last to first");
    }
    return fail("three fragments do not arrive{}{}", inbound ? "" : " inbound",
                outbound ? "" : " outbound");
}

}  // namespace

Finding fragmentation_needed(Bench& bench) {
    UdpSocket a = bench.udp(bench.a(), bench.new_port());
    UdpSocket server = bench.udp(server2, bench.new_port());
    must(bench.seen_by(a, server), "A does not reach S2");
    const std::size_t now = bench.wire_a().now();
    bench.wire_a().send(
        udp_packet(a.local(), server.local(), filler("", full_payload), {.dont_fragment = true}));
    const auto error = bench.wire_a().find(now, [](const Packet& packet) {
        return packet.is_icmp_error() && packet.icmp.code == ICMP_FRAG_NEEDED;
    });
    if (!error) {
        return fail("a packet of 1500 bytes with DF set brings no answer");
    }
    const auto inner = quoted_packet(*error);
    const std::uint32_t mtu = error->icmp.rest & 0xffffU;
    if (!inner || inner->source.port != a.local().port ||
        inner->source.address != a.local().address || mtu != outside_mtu) {
        return fail("the answer to a packet of 1500 bytes says MTU {} and quotes {}", mtu,
                    inner ? inner->source.text() : "nothing");
    }
    return pass("1500 bytes with DF set: {} answers, MTU {}, about {}",
                error->source.address.text(), mtu, inner->source.text());
}

Finding fragments_sent(Bench& bench) {
    const Endpoint internal{bench.a().address, bench.new_port()};
    UdpSocket server = bench.udp(server1, bench.new_port());
    const std::string text = filler(bench.new_word(), full_payload);
    const std::size_t now = bench.outside().now();
    bench.wire_a().send(udp_packet(internal, server.local(), text, {.id = internal.port}));
    const bool arrived = server.receive(text).has_value();
    const auto parts = bench.outside().all(now, [&](const Packet& packet) {
        return packet.is_fragment() && packet.destination.address == server1;
    });
    if (!arrived || parts.empty()) {
        return fail("1500 bytes without DF do not arrive in fragments");
    }
    const bool in_order =
        std::is_sorted(parts.begin(), parts.end(), [](const Packet& one, const Packet& other) {
            return one.fragment_offset < other.fragment_offset;
        });
    if (!in_order) {
        return pass("1500 bytes without DF arrive in {} fragments, not in order (SHOULD)",
                    parts.size());
    }
    return pass("1500 bytes without DF arrive in {} fragments, in order", parts.size());
}

Finding fragments_in_order(Bench& bench) {
    return receive_fragments(bench, true);
}

Finding fragments_out_of_order(Bench& bench) {
    return receive_fragments(bench, false);
}

}  // namespace ctgate::selftest

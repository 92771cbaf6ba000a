// SPDX-License-Identifier: GPL-2.0-only
// What the selftest sends is what the tests' own builder makes, and it reads what it sends.
#include <gtest/gtest.h>

#include "control/selftest_packet.hpp"
#include "tests/packet/builder.hpp"

namespace ctgate::selftest {
namespace {

const Endpoint client = Endpoint::parse("10.0.0.2:40000").value();
const Endpoint server = Endpoint::parse("198.51.100.7:80").value();

packet::Bytes built(const packet::Packet& packet) {
    return packet.network_bytes();
}

TEST(SelftestPacket, UdpIsAsTheBuilderMakesIt) {
    const packet::IPv4 ip{
        .source = "10.0.0.2", .destination = "198.51.100.7", .ttl = 7, .id = 0x4321};
    EXPECT_EQ(udp_packet(client, server, "hello", {.ttl = 7, .id = 0x4321}),
              built(ip / packet::UDP{.source_port = 40000, .destination_port = 80} /
                    packet::Payload{"hello"}));
}

TEST(SelftestPacket, TcpIsAsTheBuilderMakesIt) {
    const packet::IPv4 ip{.source = "10.0.0.2", .destination = "198.51.100.7", .id = 0};
    EXPECT_EQ(
        tcp_packet(client, server, {.flags = SYN | ACK, .sequence = 5, .acknowledgment = 6}, "odd"),
        built(ip /
              packet::TCP{.source_port = 40000,
                          .destination_port = 80,
                          .flags = packet::SYN | packet::ACK,
                          .sequence = 5,
                          .acknowledgment = 6,
                          .window = 0xffff} /
              packet::Payload{"odd"}));
}

TEST(SelftestPacket, ReadsUdp) {
    const auto packet =
        parse_packet(udp_packet(client, server, "hello", {.ttl = 3, .dont_fragment = true}));
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->source.text(), client.text());
    EXPECT_EQ(packet->destination.text(), server.text());
    EXPECT_EQ(packet->ttl, 3);
    EXPECT_TRUE(packet->dont_fragment);
    EXPECT_FALSE(packet->is_fragment());
    EXPECT_EQ(packet->payload, "hello");
    EXPECT_TRUE(header_checksum_is_right(*packet));
}

TEST(SelftestPacket, ReadsTcp) {
    const auto packet = parse_packet(
        tcp_packet(client, server, {.flags = RST, .sequence = 0xfffffffe, .acknowledgment = 9}));
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->tcp.flags, RST);
    EXPECT_EQ(packet->tcp.sequence, 0xfffffffe);
    EXPECT_EQ(packet->tcp.acknowledgment, 9U);
    EXPECT_EQ(packet->payload, "");
}

TEST(SelftestPacket, ReadsWhatAnErrorQuotes) {
    constexpr std::uint8_t unreachable = 3;
    Bytes quoted = udp_packet(client, server, "hello");
    quoted.resize(28);  // RFC 792: the header and 8 bytes
    const auto error =
        parse_packet(icmp_packet(server.address, client.address, {unreachable, 4, 1300}, quoted));
    ASSERT_TRUE(error);
    EXPECT_TRUE(error->is_icmp_error());
    EXPECT_EQ(error->icmp.type, unreachable);
    EXPECT_EQ(error->icmp.code, 4);
    EXPECT_EQ(error->icmp.rest, 1300U);
    const auto inner = quoted_packet(*error);
    ASSERT_TRUE(inner);
    EXPECT_EQ(inner->source.text(), client.text());
    EXPECT_EQ(inner->destination.text(), server.text());
    EXPECT_TRUE(header_checksum_is_right(*inner));
}

TEST(SelftestPacket, AnEchoQuotesNothing) {
    const auto echo =
        parse_packet(icmp_packet(client.address, server.address, {8, 0, 1}, {1, 2, 3, 4}));
    ASSERT_TRUE(echo);
    EXPECT_FALSE(echo->is_icmp_error());
    EXPECT_FALSE(quoted_packet(*echo));
}

TEST(SelftestPacket, FragmentsMakeUpTheWhole) {
    const Bytes whole = udp_packet(client, server, std::string(100, 'x'), {.id = 1});
    const std::vector<Bytes> parts = fragments(whole, 48);
    ASSERT_EQ(parts.size(), 3U);
    Bytes joined(whole.begin(), whole.begin() + 20);
    for (const Bytes& part : parts) {
        const auto packet = parse_packet(part);
        ASSERT_TRUE(packet);
        EXPECT_TRUE(packet->is_fragment());
        EXPECT_TRUE(header_checksum_is_right(*packet));
        EXPECT_EQ(packet->fragment_offset, joined.size() - 20);
        EXPECT_EQ(packet->more_fragments, &part != &parts.back());
        joined.insert(joined.end(), part.begin() + 20, part.end());
    }
    EXPECT_EQ(joined, whole);
}

TEST(SelftestPacket, RefusesWhatIsNone) {
    EXPECT_FALSE(parse_packet({}));
    EXPECT_FALSE(parse_packet(Bytes(19, 0x45)));
    EXPECT_FALSE(parse_packet(Bytes(40, 0x60)));
    EXPECT_FALSE(parse_packet(Bytes(40, 0x44)));  // a header of 16 bytes
    EXPECT_FALSE(parse_packet(Bytes(40, 0x4f)));  // one of 60
}

TEST(SelftestPacket, TakesShortTransportHeadersAsTheyAre) {
    Bytes cut = tcp_packet(client, server, {.flags = SYN});
    cut.resize(22);
    const auto packet = parse_packet(cut);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->source.port, client.port);
    EXPECT_EQ(packet->destination.port, 0);
    EXPECT_EQ(packet->tcp.flags, 0);
}

}  // namespace
}  // namespace ctgate::selftest

// SPDX-License-Identifier: GPL-2.0-only
// dataplane/parse_ipv4.h in user space, with what a test run cannot give: linear parts that are
// shorter than the packet.
#include <gmock/gmock.h>
#include <netinet/in.h>

#include <algorithm>

#include "tests/packet/builder.hpp"
// After netinet/in.h: the kernel's header gives way to that.
#include "dataplane/parse_ipv4.h"

namespace ctgate::packet {
namespace {

constexpr std::uint32_t ethernet_length = 14;

struct Parsed {
    parse_result result;
    ::packet packet;
};

// `linear` bytes of it are in the linear part. The IP header is aligned, as network drivers do it.
Parsed parse(const Bytes& bytes, std::size_t linear, std::uint32_t network, bool gso = false) {
    const std::size_t shift = network % 4;
    Bytes aligned(std::max<std::size_t>(shift + linear, 1));  // never a null pointer
    std::copy_n(bytes.begin(), linear, aligned.begin() + static_cast<std::ptrdiff_t>(shift));
    Parsed parsed{};
    const std::uint8_t* data = aligned.data() + shift;
    parsed.result = parse_ipv4(data, data + linear, network,
                               static_cast<std::uint32_t>(bytes.size()), gso, &parsed.packet);
    return parsed;
}

parse_result result_of(const Packet& packet, bool gso = false) {
    const Bytes bytes = packet.bytes();
    return parse(bytes, bytes.size(), packet.ethernet ? ethernet_length : 0, gso).result;
}

TEST(Parser, TellsTheTupleAndTheFlags) {
    const Bytes bytes = (Ethernet{} / IPv4{.tos = 0x10} / TCP{.flags = SYN | ACK}).bytes();
    const auto [result, packet] = parse(bytes, bytes.size(), ethernet_length);
    ASSERT_EQ(result, PARSE_OK);
    EXPECT_EQ(packet.source.words[0], htonl(0x0a000002));
    EXPECT_EQ(packet.destination.words[0], htonl(0xc6336407));
    EXPECT_EQ(packet.source_port, htons(40000));
    EXPECT_EQ(packet.destination_port, htons(80));
    EXPECT_EQ(packet.network, 14u);
    EXPECT_EQ(packet.transport, 34u);
    EXPECT_EQ(packet.family, AF_INET);
    EXPECT_EQ(packet.protocol, IPPROTO_TCP);
    EXPECT_EQ(packet.tos, 0x10);
    EXPECT_EQ(packet.tcp_flags, TCP_FLAG_SYN_BIT | TCP_FLAG_ACK_BIT);
}

TEST(Parser, WithoutEthernetHeader) {
    const Bytes bytes = (IPv4{} / UDP{}).bytes();
    const auto [result, packet] = parse(bytes, bytes.size(), 0);
    ASSERT_EQ(result, PARSE_OK);
    EXPECT_EQ(packet.network, 0u);
    EXPECT_EQ(packet.transport, 20u);
    EXPECT_EQ(packet.destination_port, htons(53));
    EXPECT_EQ(packet.tcp_flags, 0);
}

// What the dataplane must not read, AddressSanitizer guards: the buffer ends with the linear part.
TEST(Parser, AsksForMoreUntilTheHeadersAreLinear) {
    const Bytes tcp = (Ethernet{} / IPv4{} / TCP{} / Payload{"data"}).bytes();
    for (std::size_t linear = 0; linear <= tcp.size(); linear++) {
        EXPECT_EQ(parse(tcp, linear, ethernet_length).result, linear < 54 ? PARSE_MORE : PARSE_OK)
            << linear;
    }
    const Bytes udp = (IPv4{} / UDP{} / Payload{"data"}).bytes();
    for (std::size_t linear = 0; linear <= udp.size(); linear++) {
        EXPECT_EQ(parse(udp, linear, 0).result, linear < 28 ? PARSE_MORE : PARSE_OK) << linear;
    }
}

TEST(Parser, TruncatedAtEveryByte) {
    const Bytes whole = (Ethernet{} / IPv4{} / TCP{} / Payload{"data"}).bytes();
    for (std::size_t size = 0; size < whole.size(); size++) {
        EXPECT_EQ(parse(truncated(whole, size), size, ethernet_length).result, PARSE_BAD_IP)
            << size << ": total length says more";
    }
}

// The total length is right, but leaves no room for the header that follows.
TEST(Parser, TransportHeaderTruncatedAtEveryByte) {
    for (std::uint16_t length = 20; length < 40; length++) {
        EXPECT_EQ(result_of(IPv4{.total_length = length} / TCP{}), PARSE_BAD_TCP) << length;
    }
    for (std::uint16_t length = 20; length < 28; length++) {
        EXPECT_EQ(result_of(IPv4{.total_length = length} / UDP{}), PARSE_BAD_UDP) << length;
    }
}

TEST(Parser, EveryHeaderLengthOfIpv4) {
    for (std::uint8_t words = 0; words < 5; words++) {
        EXPECT_EQ(result_of(IPv4{.ihl = words} / UDP{}), PARSE_BAD_IP) << unsigned{words};
    }
    for (std::uint8_t words = 5; words < 16; words++) {
        const IPv4 ip{.options = Bytes((words - 5U) * sizeof(std::uint32_t), 1)};
        const Bytes bytes = (ip / TCP{.options = Bytes(40, 1)}).bytes();
        const auto [result, packet] = parse(bytes, bytes.size(), 0);
        ASSERT_EQ(result, PARSE_OK) << unsigned{words};
        EXPECT_EQ(packet.transport, words * 4u);
        EXPECT_EQ(packet.source_port, htons(40000));
        EXPECT_EQ(packet.destination_port, htons(80));
        EXPECT_EQ(packet.tcp_flags, TCP_FLAG_SYN_BIT);
    }
    EXPECT_EQ(result_of(IPv4{.ihl = 15, .total_length = 59} / UDP{} / Payload{"x"}), PARSE_BAD_IP)
        << "options longer than the packet";
    EXPECT_EQ(result_of(IPv4{.options = Bytes(8, 1), .total_length = 35} / UDP{}), PARSE_BAD_UDP)
        << "options that leave no room for the UDP header";
}

TEST(Parser, AsksForMoreUntilTheHeadersBehindOptionsAreLinear) {
    const Bytes bytes =
        (Ethernet{} / IPv4{.options = Bytes(40, 1)} / TCP{} / Payload{"data"}).bytes();
    for (std::size_t linear = 0; linear <= bytes.size(); linear++) {
        EXPECT_EQ(parse(bytes, linear, ethernet_length).result, linear < 94 ? PARSE_MORE : PARSE_OK)
            << linear;
    }
}

// Loose and strict (RFC 791), wherever among the options.
TEST(Parser, SourceRoutesAreTheStacks) {
    for (const std::uint8_t type : {131, 137}) {
        for (std::size_t at = 0; at < 40; at++) {
            Bytes options(40, 1);
            options.at(at) = type;
            EXPECT_EQ(result_of(IPv4{.options = options} / UDP{}), PARSE_STACK) << at;
        }
        const Bytes after_another = {68, 4, 5, 0, type, 3, 4, 0};
        EXPECT_EQ(result_of(IPv4{.options = after_another} / UDP{}), PARSE_STACK);
        const Packet behind = IPv4{.options = Bytes(4, 1)} /
                              UDP{.source_port = static_cast<std::uint16_t>(type * 257)};
        EXPECT_EQ(result_of(behind), PARSE_OK) << "that is no option any more";
    }
}

// Its host would be beyond all limits.
TEST(Parser, BytesWithinOptionsAreNoSourceRoute) {
    for (const std::uint8_t byte : {131, 137}) {
        const Bytes timestamps = {68, 12, 5, 3, byte, 1, 2, 3, 0, 0, 0, byte};
        EXPECT_EQ(result_of(IPv4{.options = timestamps} / UDP{}), PARSE_OK);
        const Bytes behind_the_end = {1, 0, byte, 3};
        EXPECT_EQ(result_of(IPv4{.options = behind_the_end} / UDP{}), PARSE_OK);
    }
}

TEST(Parser, OptionsWithoutTheirLengthAreTheStacks) {
    for (const std::uint8_t length : {0, 1, 5, 255}) {
        const Bytes options = {68, length, 5, 0};
        EXPECT_EQ(result_of(IPv4{.options = options} / UDP{}), PARSE_STACK) << unsigned{length};
    }
}

TEST(Parser, EveryTotalLength) {
    for (std::uint16_t length = 0; length < 100; length++) {
        const auto expected = length < 20 || length > 48 ? PARSE_BAD_IP
                              : length < 48              ? PARSE_BAD_UDP
                                                         : PARSE_OK;
        EXPECT_EQ(result_of(IPv4{.total_length = length} / UDP{} / Payload{std::string(20, 'x')}),
                  expected)
            << length;
    }
    EXPECT_EQ(result_of(IPv4{.total_length = 65535} / UDP{}), PARSE_BAD_IP);
}

TEST(Parser, EveryDataOffsetOfTcp) {
    for (std::uint8_t words = 0; words < 16; words++) {
        EXPECT_EQ(result_of(IPv4{} / TCP{.options = Bytes(12, 1), .data_offset = words}),
                  words < 5 || words > 8 ? PARSE_BAD_TCP : PARSE_OK)
            << unsigned{words};
    }
}

TEST(Parser, EveryLengthOfUdp) {
    for (std::uint16_t length = 0; length < 40; length++) {
        EXPECT_EQ(result_of(IPv4{} / UDP{.length = length} / Payload{"12345678"}),
                  length < 8 || length > 16 ? PARSE_BAD_UDP : PARSE_OK)
            << length;
    }
    EXPECT_EQ(result_of(IPv4{} / UDP{.length = 65535}), PARSE_BAD_UDP);
}

TEST(Parser, VersionMustBeFour) {
    for (std::uint8_t version = 0; version < 16; version++) {
        EXPECT_EQ(result_of(IPv4{.version = version} / UDP{}),
                  version == 4 ? PARSE_OK : PARSE_BAD_IP);
    }
}

TEST(Parser, LaterFragmentsAreTheStacks) {
    for (const std::uint16_t field : {0x0001, 0x1fff, 0x2001, 0x3fff, 0x20b9}) {
        EXPECT_EQ(result_of(IPv4{.fragment = field} / UDP{}), PARSE_STACK) << field;
    }
    EXPECT_EQ(result_of(IPv4{.fragment = 0x4000} / UDP{}), PARSE_OK) << "do not fragment";
    EXPECT_EQ(result_of(IPv4{.fragment = 0x8000} / UDP{}), PARSE_OK) << "reserved bit";
}

TEST(Parser, FirstFragmentTellsTheTupleAndTheFlags) {
    const Bytes bytes = (IPv4{.fragment = 0x2000} / TCP{} / Payload{"12345678"}).bytes();
    const auto [result, packet] = parse(bytes, bytes.size(), 0);
    ASSERT_EQ(result, PARSE_OK);
    EXPECT_EQ(packet.source_port, htons(40000));
    EXPECT_EQ(packet.destination_port, htons(80));
    EXPECT_TRUE(opens_tcp(&packet));
}

// What is missing may be in the next fragment.
TEST(Parser, FirstFragmentWithoutTheWholeHeaderIsTheStacks) {
    for (std::uint16_t length = 20; length < 72; length++) {
        const IPv4 ip{.fragment = 0x2000, .total_length = length};
        EXPECT_EQ(result_of(ip / UDP{} / Payload{std::string(44, 'x')}),
                  length < 28 ? PARSE_STACK : PARSE_OK)
            << length;
        EXPECT_EQ(result_of(ip / TCP{.options = Bytes(32, 1)}),
                  length < 72 ? PARSE_STACK : PARSE_OK)
            << length;
    }
    EXPECT_EQ(result_of(IPv4{.fragment = 0x2000} / TCP{.data_offset = 4}), PARSE_BAD_TCP)
        << "no further fragment makes that right";
}

// It is that of all fragments together, which need not be sent as long as it says.
TEST(Parser, EveryLengthOfUdpInAFirstFragment) {
    for (const unsigned length : {0U, 7U, 8U, 15U, 16U, 17U, 5000U, 65535U}) {
        const UDP udp{.length = static_cast<std::uint16_t>(length)};
        EXPECT_EQ(result_of(IPv4{.fragment = 0x2000} / udp / Payload{"12345678"}),
                  length < 8 ? PARSE_BAD_UDP : PARSE_OK)
            << length;
    }
}

TEST(Parser, OtherProtocolsAreTheStacks) {
    for (unsigned protocol = 0; protocol < 256; protocol++) {
        if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) {
            EXPECT_EQ(
                result_of(IPv4{.protocol = static_cast<std::uint8_t>(protocol)} / Payload{"x"}),
                PARSE_STACK);
        }
    }
}

TEST(Parser, PaddingBehindThePacketIsIgnored) {
    Bytes bytes = (Ethernet{} / IPv4{} / UDP{}).bytes();
    bytes.resize(60);
    EXPECT_EQ(parse(bytes, bytes.size(), ethernet_length).result, PARSE_OK);
}

// IPv4 BIG TCP: longer than the field can say.
TEST(Parser, TotalLengthZeroMeansTheWholeOfAGsoPacket) {
    const Packet big =
        IPv4{.total_length = 0} / TCP{.flags = ACK} / Payload{std::string(70000, 'x')};
    EXPECT_EQ(result_of(big, true), PARSE_OK);
    EXPECT_EQ(result_of(big, false), PARSE_BAD_IP);
}

TEST(Parser, SynAloneOpensTcp) {
    for (unsigned flags = 0; flags < 256; flags++) {
        const Bytes bytes = (IPv4{} / TCP{.flags = static_cast<std::uint8_t>(flags)}).bytes();
        const auto [result, packet] = parse(bytes, bytes.size(), 0);
        ASSERT_EQ(result, PARSE_OK);
        EXPECT_EQ(opens_tcp(&packet), (flags & (SYN | ACK | RST | FIN)) == SYN) << flags;
    }
}

}  // namespace
}  // namespace ctgate::packet

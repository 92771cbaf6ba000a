// SPDX-License-Identifier: GPL-2.0-only
// The reference checksum of the packet tests, and the packet builder, against known packets.
#include "tests/packet/checksum.hpp"

#include <gmock/gmock.h>

#include "tests/packet/builder.hpp"

namespace ctgate::packet {
namespace {

// Sent by a Linux host: UDP 10.0.0.2:40000 -> 198.51.100.7:53 "ctgate".
const Bytes kernel_udp = {0x45, 0x00, 0x00, 0x22, 0x4b, 0xcc, 0x40, 0x00, 0x40, 0x11, 0xba, 0xc2,
                          0x0a, 0x00, 0x00, 0x02, 0xc6, 0x33, 0x64, 0x07, 0x9c, 0x40, 0x00, 0x35,
                          0x00, 0x0e, 0xef, 0xe4, 0x63, 0x74, 0x67, 0x61, 0x74, 0x65};

// Likewise the SYN of 10.0.0.2:40001 -> 198.51.100.7:80.
const Bytes kernel_tcp = {0x45, 0x00, 0x00, 0x3c, 0x8c, 0x54, 0x40, 0x00, 0x40, 0x06, 0x7a, 0x2b,
                          0x0a, 0x00, 0x00, 0x02, 0xc6, 0x33, 0x64, 0x07, 0x9c, 0x41, 0x00, 0x50,
                          0xf0, 0x96, 0x81, 0x1d, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x02, 0xfa, 0xf0,
                          0xc4, 0x0c, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a,
                          0x05, 0xe1, 0x40, 0x9c, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x0a};

TEST(Checksum, ExampleOfRfc1071) {
    EXPECT_EQ(checksum({0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}),
              static_cast<std::uint16_t>(~0xddf2));
}

TEST(Checksum, OddLengthIsPaddedWithZero) {
    EXPECT_EQ(checksum({0x12, 0x34, 0x56}), checksum({0x12, 0x34, 0x56, 0x00}));
    EXPECT_EQ(checksum({}), 0xffff);
}

TEST(Checksum, CarriesAreFoldedIn) {
    EXPECT_EQ(checksum(Bytes(100'000, 0xff)), 0);
    EXPECT_EQ(checksum({0xff, 0xff, 0x00, 0x01}), 0xfffe);
}

TEST(Checksum, OfAPacketWithItsOwnIsZero) {
    const Bytes header(kernel_tcp.begin(), kernel_tcp.begin() + 20);
    EXPECT_EQ(checksum(header), 0);
    const Bytes segment(kernel_tcp.begin() + 20, kernel_tcp.end());
    EXPECT_EQ(transport_checksum({10, 0, 0, 2}, {198, 51, 100, 7}, 6, segment), 0);
}

TEST(Builder, MakesTheUdpPacketOfTheKernel) {
    const Packet packet = IPv4{.id = 0x4bcc, .fragment = 0x4000} / UDP{} / Payload{"ctgate"};
    EXPECT_EQ(packet.bytes(), kernel_udp);
}

TEST(Builder, MakesTheTcpPacketOfTheKernel) {
    const Packet packet = IPv4{.id = 0x8c54, .fragment = 0x4000} /
                          TCP{.source_port = 40001,
                              .sequence = 0xf096811d,
                              .options = Bytes(kernel_tcp.begin() + 40, kernel_tcp.end())};
    EXPECT_EQ(packet.bytes(), kernel_tcp) << "the window is Linux's first, 64240";
}

TEST(Builder, EthernetHeaderWithAndWithoutTag) {
    const Packet plain =
        Ethernet{.destination = {1, 2, 3, 4, 5, 6}, .source = {7, 8, 9, 10, 11, 12}} / IPv4{} /
        UDP{};
    EXPECT_EQ(truncated(plain.bytes(), 14),
              (Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x00}));
    EXPECT_EQ(plain.bytes().size(), 14 + plain.network_bytes().size());
    const Packet tagged = Ethernet{.vlan = 5} / IPv4{} / UDP{};
    const Bytes bytes = tagged.bytes();
    EXPECT_EQ(Bytes(bytes.begin() + 12, bytes.begin() + 18),
              (Bytes{0x81, 0x00, 0x00, 0x05, 0x08, 0x00}));
}

TEST(Builder, EveryLengthCanBeWrong) {
    const Bytes bytes = (IPv4{.version = 6, .protocol = 99, .ihl = 4, .total_length = 7} /
                         UDP{.length = 9, .checksum = 0x1111})
                            .bytes();
    EXPECT_EQ(bytes.at(0), 0x64);
    EXPECT_EQ(bytes.at(3), 7);
    EXPECT_EQ(bytes.at(9), 99);
    EXPECT_EQ(bytes.at(25), 9);
    EXPECT_EQ(bytes.at(26), 0x11);
    EXPECT_EQ((IPv4{} / TCP{.data_offset = 3}).bytes().at(32), 0x30);
}

TEST(Builder, UdpChecksumIsNeverSentAsZero) {
    const Bytes sums_up = {0x00, 0x00};
    for (unsigned word = 0; word <= 0xffff; word++) {
        const char text[] = {static_cast<char>(word >> 8), static_cast<char>(word)};
        const Bytes bytes = (IPv4{} / UDP{} / Payload{std::string(text, 2)}).bytes();
        ASSERT_NE(Bytes(bytes.begin() + 26, bytes.begin() + 28), sums_up) << word;
    }
}

}  // namespace
}  // namespace ctgate::packet

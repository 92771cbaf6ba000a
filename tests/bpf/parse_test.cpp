// SPDX-License-Identifier: GPL-2.0-only
// What the programs make of headers: dropped by name, or none of our business. The same on both
// sides. (More of the parser alone: tests/unit/parser_test.cpp.)
#include <vector>

#include "bpf/dataplane_fixture.hpp"

namespace ctgate {
namespace {

class Parse : public DataplaneTest {
  protected:
    void expect(const Packet& packet, const Fate& fate, const std::string& what) {
        const testing::ScopedTrace trace(__FILE__, __LINE__, what);
        EXPECT_EQ(from_inside(packet), fate) << "from inside";
        EXPECT_EQ(from_outside(packet), fate) << "from outside";
        EXPECT_TRUE(sessions().empty());
    }

    const Fate not_plain_ = to_stack("to_stack_not_plain");
};

TEST_F(Parse, WrongLengthFieldsAreDroppedByName) {
    struct Case {
        const char* what;
        Packet packet;
        const char* reason;
    };
    const std::vector<Case> cases = {
        {"version 5", IPv4{.version = 5} / UDP{}, "drop_ip_header"},
        {"header of 4 words", IPv4{.ihl = 4} / UDP{}, "drop_ip_header"},
        {"header of no words", IPv4{.ihl = 0} / UDP{}, "drop_ip_header"},
        {"options beyond the total length", IPv4{.ihl = 15, .total_length = 59} / TCP{},
         "drop_ip_header"},
        {"longer than the packet", IPv4{.total_length = 29} / UDP{}, "drop_ip_header"},
        {"shorter than its header", IPv4{.total_length = 19} / UDP{}, "drop_ip_header"},
        {"length 0", IPv4{.total_length = 0} / UDP{}, "drop_ip_header"},
        {"no room for UDP", IPv4{.total_length = 27} / UDP{}, "drop_udp_header"},
        {"no room for TCP", IPv4{.total_length = 39} / TCP{}, "drop_tcp_header"},
        {"UDP shorter than its header", IPv4{} / UDP{.length = 7}, "drop_udp_header"},
        {"UDP of length 0", IPv4{} / UDP{.length = 0}, "drop_udp_header"},
        {"UDP beyond the packet", IPv4{} / UDP{.length = 9}, "drop_udp_header"},
        {"TCP shorter than its header", IPv4{} / TCP{.data_offset = 4}, "drop_tcp_header"},
        {"TCP options beyond the packet", IPv4{} / TCP{.data_offset = 6}, "drop_tcp_header"},
        {"options and no room for UDP", IPv4{.options = Bytes(4, 1), .total_length = 31} / UDP{},
         "drop_udp_header"},
        {"first fragment, UDP shorter than its header", IPv4{.fragment = 0x2000} / UDP{.length = 7},
         "drop_udp_header"},
        {"first fragment, TCP shorter than its header",
         IPv4{.fragment = 0x2000} / TCP{.data_offset = 4}, "drop_tcp_header"},
    };
    for (const Case& each : cases) {
        expect(each.packet, drop(each.reason), each.what);
    }
}

TEST_F(Parse, TruncatedAtEveryByte) {
    for (const Packet& packet : {IPv4{} / TCP{.flags = SYN} / Payload{"data"},
                                 IPv4{} / UDP{} / Payload{"some more data"}}) {
        const Bytes whole = (Ethernet{.destination = inside_mac()} / packet).bytes();
        for (std::size_t size = smallest_frame(); size < whole.size(); size++) {
            EXPECT_EQ(from_inside(packet::truncated(whole, size)), drop("drop_ip_header")) << size;
        }
    }
    EXPECT_TRUE(sessions().empty());
}

TEST_F(Parse, WhatIsNotPlainGoesToTheStack) {
    struct Case {
        const char* what;
        Packet packet;
    };
    const std::vector<Case> cases = {
        {"loose source route", IPv4{.options = {1, 131, 7, 4, 10, 0, 0, 3}} / UDP{}},
        {"strict source route", IPv4{.options = {137, 7, 4, 10, 0, 0, 3, 0}} / TCP{}},
        {"first fragment without the whole UDP header",
         IPv4{.fragment = 0x2000, .total_length = 27} / UDP{}},
        {"first fragment without the whole TCP header",
         IPv4{.fragment = 0x2000, .total_length = 36} / TCP{}},
        {"first fragment without all TCP options",
         IPv4{.fragment = 0x2000} / TCP{.data_offset = 6}},
        {"middle fragment", IPv4{.fragment = 0x2010} / UDP{}},
        {"last fragment", IPv4{.fragment = 0x0010} / UDP{}},
        {"ICMP",
         IPv4{.protocol = IPPROTO_ICMP} / Payload{std::string("\x08\0\xf7\xff\0\0\0\0", 8)}},
        {"SCTP", IPv4{.protocol = IPPROTO_SCTP} / Payload{std::string(12, 'x')}},
        {"nothing behind the header", IPv4{} / Payload{""}},
    };
    for (const Case& each : cases) {
        expect(each.packet, not_plain_, each.what);
    }
}

TEST_F(Parse, FramesThatAreNotForUsGoToTheStack) {
    const packet::Mac broadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const packet::Mac multicast = {0x01, 0x00, 0x5e, 0, 0, 1};
    const packet::Mac other = {0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee};
    for (const packet::Mac& mac : {broadcast, multicast, other}) {
        expect(Ethernet{.destination = mac} / IPv4{} / UDP{}, not_plain_, "not our address");
    }
    for (const int type : {0x0806, 0x86dd, 0x8864, 0x0000}) {
        const Ethernet inside{.destination = inside_mac(),
                              .type = static_cast<std::uint16_t>(type)};
        EXPECT_EQ(from_inside(inside / IPv4{} / UDP{} / Payload{"long enough for IPv6"}),
                  not_plain_)
            << type;
    }
    const Ethernet tagged{.destination = inside_mac(), .vlan = 5};
    EXPECT_EQ(from_inside(tagged / IPv4{} / UDP{}), not_plain_) << "VLAN";
}

TEST_F(Parse, FieldsThatDoNotMatterDoNotHinder) {
    EXPECT_EQ(from_inside(IPv4{.tos = 0xb8, .fragment = 0x4000} / UDP{.checksum = 0}),
              to_stack("session_created", "mapping_created", "port_preserved"));
    EXPECT_EQ(from_inside(IPv4{.ttl = 1, .checksum = 0x1234} / UDP{}), to_stack("session_hit"));
    Bytes padded = (Ethernet{.destination = inside_mac()} / IPv4{} / UDP{}).bytes();
    padded.resize(60);
    EXPECT_EQ(from_inside(padded), to_stack("session_hit"));
}

// The same session all the time: each of these could have been its first packet.
TEST_F(Parse, FirstFragmentsAndOptionsDoNotHinder) {
    const UDP beyond{.length = 5000};
    EXPECT_EQ(from_inside(IPv4{.fragment = 0x2000} / beyond / Payload{std::string(1472, 'x')}),
              to_stack("session_created", "mapping_created", "port_preserved"));
    EXPECT_EQ(only_session().reply_destination.text(), "203.0.113.1:40000");
    for (const Bytes& options : {Bytes{7, 4, 4, 0}, Bytes{0x94, 4, 0, 0}, Bytes(40, 1)}) {
        const IPv4 ip{.options = options};
        EXPECT_EQ(from_inside(ip / UDP{}), to_stack("session_hit")) << options.size();
    }
    const IPv4 both{.fragment = 0x2000, .options = {7, 4, 4, 0}};
    EXPECT_EQ(from_inside(both / beyond), to_stack("session_hit"));
    EXPECT_EQ(from_inside(IPv4{.options = Bytes(40, 1)} / TCP{.options = Bytes(40, 1)}),
              to_stack("session_created", "mapping_created", "port_preserved"));
    EXPECT_EQ(from_inside(IPv4{.fragment = 0x2000} / TCP{}), to_stack("session_hit"));
    EXPECT_EQ(sessions().size(), 2u);
}

TEST_F(Parse, BigTcpHasNoTotalLength) {
    const Packet big = IPv4{.total_length = 0} / TCP{} / Payload{std::string(3000, 'x')};
    EXPECT_EQ(from_inside(big), drop("drop_ip_header"));
    EXPECT_EQ(from_inside(big, 1448),
              to_stack("session_created", "mapping_created", "port_preserved"));
}

}  // namespace
}  // namespace ctgate

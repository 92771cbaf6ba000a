// SPDX-License-Identifier: GPL-2.0-only
// The short path in XDP: the very bytes, and what must not take it.
#include "bpf/short_path_fixture.hpp"

namespace ctgate {
namespace {

class ShortPathInXdp : public ShortPath {
  protected:
    ShortPathInXdp() { set_xdp(true); }

    // The programs at TC have made both records.
    void establish_with_records(std::uint16_t external_port = 40001) {
        establish(entry(external_port));
        ASSERT_EQ(from_inside(from_client()), first());
        ASSERT_EQ(from_outside(from_server(external_port)), first());
    }

    static Fate in_xdp() { return short_path("short_path_xdp"); }
};

INSTANTIATE_TEST_SUITE_P(Protocols, ShortPathInXdp, testing::Values(IPPROTO_UDP, IPPROTO_TCP),
                         [](const auto& each) {
                             return each.param == IPPROTO_UDP ? "udp" : "tcp";
                         });

TEST_P(ShortPathInXdp, OutboundPacketIsTranslated) {
    establish_with_records();
    EXPECT_EQ(from_inside_in_xdp(from_client()), in_xdp());
    EXPECT_EQ(forwarded(), to_server(from_client()).bytes());
}

TEST_P(ShortPathInXdp, InboundPacketIsTranslated) {
    establish_with_records();
    EXPECT_EQ(from_outside_in_xdp(from_server()), in_xdp());
    EXPECT_EQ(forwarded(), to_client(from_server()).bytes());
}

TEST_P(ShortPathInXdp, PreservedPort) {
    establish_with_records(40000);
    EXPECT_EQ(from_inside_in_xdp(from_client()), in_xdp());
    EXPECT_EQ(forwarded(), to_server(from_client(), 40000).bytes());
}

TEST_P(ShortPathInXdp, TimeToLiveAndServiceAreThoseOfThePacket) {
    establish_with_records();
    for (const IPv4& ip : {IPv4{.ttl = 2}, IPv4{.ttl = 255, .tos = 0xb8}, IPv4{.id = 0}}) {
        EXPECT_EQ(from_inside_in_xdp(from_client(ip)), in_xdp());
        EXPECT_EQ(forwarded(), to_server(from_client(ip)).bytes());
    }
}

// Whatever carries over in the sums of the headers and of the payload.
TEST_P(ShortPathInXdp, EveryChecksum) {
    establish_with_records();
    for (unsigned id = 0; id < 0x10000; id += 2039) {
        Packet packet = from_client({.id = static_cast<std::uint16_t>(id)});
        packet.payload = {static_cast<char>(id >> 8), static_cast<char>(id)};
        EXPECT_EQ(from_inside_in_xdp(packet), in_xdp()) << id;
        EXPECT_EQ(forwarded(), to_server(packet).bytes()) << id;
    }
}

TEST_P(ShortPathInXdp, WithoutAFreshRecordItIsForTC) {
    establish(entry());
    EXPECT_EQ(from_inside_in_xdp(from_client()), to_stack()) << "no record";
    EXPECT_EQ(from_inside(from_client()), first());
    EXPECT_EQ(from_inside_in_xdp(from_client()), in_xdp());
    make_stale();
    EXPECT_EQ(from_inside_in_xdp(from_client()), to_stack()) << "to be renewed";
    await_next_tick();
    EXPECT_EQ(from_inside(from_client()), short_path());
    EXPECT_EQ(from_inside_in_xdp(from_client()), in_xdp());
}

TEST_P(ShortPathInXdp, FramesForOthersAndWithTagsAreNotOurs) {
    establish_with_records();
    Packet packet = from_client();
    packet.ethernet = Ethernet{.destination = client_mac};
    EXPECT_EQ(from_inside_in_xdp(packet), to_stack());
    packet.ethernet = Ethernet{.destination = inside_mac(), .vlan = 5};
    EXPECT_EQ(from_inside_in_xdp(packet), to_stack());
    packet.ethernet = Ethernet{.destination = inside_mac(), .type = 0x86dd};
    EXPECT_EQ(from_inside_in_xdp(packet), to_stack());
}

TEST_P(ShortPathInXdp, WhatTheStackMayHaveToAnswerIsItsOwn) {
    establish_with_records();
    for (const IPv4& ip : {IPv4{.ttl = 1}, IPv4{.ttl = 0}, IPv4{.options = {1, 1, 1, 1}},
                           IPv4{.fragment = 0x2000}, IPv4{.ihl = 4}, IPv4{.total_length = 19}}) {
        EXPECT_EQ(from_inside_in_xdp(from_client(ip)), to_stack());
    }
    EXPECT_EQ(from_inside_in_xdp(from_client()), in_xdp()) << "the record stays";
}

TEST_P(ShortPathInXdp, WhatDoesNotFitTheRouteIsTheStacks) {
    establish_with_records();
    Packet packet = from_client();
    packet.payload = std::string(GetParam() == IPPROTO_UDP ? 1472 : 1460, 'x');
    EXPECT_EQ(from_inside_in_xdp(packet), in_xdp());
    EXPECT_EQ(forwarded(), to_server(packet).bytes());
    packet.payload += 'x';
    EXPECT_EQ(from_inside_in_xdp(packet), to_stack());
}

TEST_P(ShortPathInXdp, OnlyToInterfacesThatTakeFrames) {
    bpf_xdp_detach(inside_ifindex(), 0, nullptr);
    bpf_xdp_detach(outside_ifindex(), 0, nullptr);
    set_xdp(false);
    establish_with_records();
    EXPECT_EQ(from_inside_in_xdp(from_client()), to_stack());
    EXPECT_EQ(from_inside(from_client()), short_path());
}

TEST_P(ShortPathInXdp, CountsInTheRecord) {
    establish_with_records();
    EXPECT_EQ(from_inside_in_xdp(from_client()), in_xdp());
    for (const ctgate_cache_record& each : records()) {
        const bool outbound = each.output == static_cast<unsigned>(outside_ifindex());
        EXPECT_EQ(each.packets, outbound ? 2u : 1u);
        EXPECT_EQ(each.bytes, each.packets * from_client().network_bytes().size());
    }
}

class ShortPathInXdpOfTcp : public ShortPathInXdp {};
INSTANTIATE_TEST_SUITE_P(Tcp, ShortPathInXdpOfTcp, testing::Values(IPPROTO_TCP));

TEST_P(ShortPathInXdpOfTcp, FlagsThatChangeTheSessionEndBothRecords) {
    establish(entry());
    for (const unsigned flags : {FIN | ACK, RST + 0, SYN | ACK}) {
        EXPECT_EQ(from_inside(from_client()), first()) << flags;
        EXPECT_EQ(from_outside(from_server()), first()) << flags;
        EXPECT_EQ(from_inside_in_xdp(from_client({}, static_cast<std::uint8_t>(flags))),
                  to_stack());
        EXPECT_THAT(records(), testing::IsEmpty()) << flags;
    }
}

class ShortPathInXdpOfUdp : public ShortPathInXdp {};
INSTANTIATE_TEST_SUITE_P(Udp, ShortPathInXdpOfUdp, testing::Values(IPPROTO_UDP));

TEST_P(ShortPathInXdpOfUdp, WithoutChecksumItHasNone) {
    establish_with_records();
    Packet packet = from_client();
    std::get<UDP>(packet.transport).checksum = 0;
    Packet expected = to_server(from_client());
    std::get<UDP>(expected.transport).checksum = 0;
    EXPECT_EQ(from_inside_in_xdp(packet), in_xdp());
    EXPECT_EQ(forwarded(), expected.bytes());
}

// RFC 768: a sum of zero is written as its complement. Which packet that is, is found out first:
// records are trusted for a second.
TEST_P(ShortPathInXdpOfUdp, ChecksumThatBecomesZero) {
    constexpr std::size_t checksum = 14 + 20 + 6;
    Packet packet = from_client();
    Bytes expected;
    for (unsigned word = 0; word < 0x10000; word++) {
        packet.payload = {static_cast<char>(word >> 8), static_cast<char>(word)};
        expected = to_server(packet).bytes();
        if (expected[checksum] == 0xff && expected[checksum + 1] == 0xff) {
            break;
        }
    }
    establish_with_records();
    EXPECT_EQ(from_inside_in_xdp(packet), in_xdp());
    EXPECT_EQ(forwarded(), expected);
    EXPECT_EQ(expected[checksum], 0xff);
    EXPECT_EQ(expected[checksum + 1], 0xff);
}

}  // namespace
}  // namespace ctgate

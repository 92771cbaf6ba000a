// SPDX-License-Identifier: GPL-2.0-only
// Packets from inside: which of them begin a session, and what its conntrack entry says then.
#include <linux/netfilter/nf_conntrack_common.h>

#include "bpf/dataplane_fixture.hpp"
#include "control/tuple_lookup.hpp"

namespace ctgate {
namespace {

class FromInside : public DataplaneTest {};

const Fate created = to_stack("session_created", "mapping_created", "port_preserved");

TEST_F(FromInside, FirstPacketOfUdpMakesTheEntry) {
    EXPECT_EQ(from_inside(IPv4{} / UDP{} / Payload{"query"}), created);
    const Session session = only_session();
    EXPECT_EQ(session.protocol, IPPROTO_UDP);
    EXPECT_EQ(session.source.text(), "10.0.0.2:40000");
    EXPECT_EQ(session.destination.text(), "198.51.100.7:53");
    EXPECT_EQ(session.reply_source.text(), "198.51.100.7:53");
    EXPECT_EQ(session.reply_destination.text(), "203.0.113.1:40000");
    EXPECT_EQ(session.status, IPS_CONFIRMED | IPS_SRC_NAT | IPS_SRC_NAT_DONE);
    EXPECT_EQ(session.mark, 0u) << "only the firewall accepts";
    EXPECT_EQ(session.zone, 0);
    EXPECT_LE(session.timeout, CTGATE_INITIAL_TIMEOUT_MS / 1000);
    EXPECT_GE(session.timeout, CTGATE_INITIAL_TIMEOUT_MS / 1000 - 2);
}

TEST_F(FromInside, SynMakesTheEntry) {
    EXPECT_EQ(from_inside(IPv4{} / TCP{.flags = SYN}), created);
    const Session session = only_session();
    EXPECT_EQ(session.protocol, IPPROTO_TCP);
    EXPECT_EQ(session.state, "NONE") << "the stack's tracker sees the SYN next";
    EXPECT_EQ(session.reply_destination.text(), "203.0.113.1:40000");
}

TEST_F(FromInside, SynWithEcnAndPushIsOne) {
    EXPECT_EQ(from_inside(IPv4{} / TCP{.flags = SYN | PSH | 0xc0}), created);
}

TEST_F(FromInside, OnlySynMakesATcpEntry) {
    for (const int flags : {ACK + 0, FIN + 0, RST + 0, SYN | ACK, SYN | FIN, SYN | RST, 0,
                            PSH | ACK, FIN | ACK, RST | ACK, 0xff}) {
        EXPECT_EQ(from_inside(IPv4{} / TCP{.flags = static_cast<std::uint8_t>(flags)}),
                  to_stack("to_stack_tcp_no_syn"))
            << flags;
    }
    EXPECT_TRUE(sessions().empty());
}

TEST_F(FromInside, LaterPacketsHitTheEntry) {
    EXPECT_EQ(from_inside(IPv4{} / TCP{.flags = SYN}), created);
    for (const std::uint8_t flags : {SYN + 0, ACK + 0, PSH | ACK, FIN | ACK, RST + 0}) {
        EXPECT_EQ(from_inside(IPv4{} / TCP{.flags = flags}), to_stack("session_hit"));
    }
    EXPECT_EQ(sessions().size(), 1u);
}

TEST_F(FromInside, ProtocolAddressesAndPortsTellSessionsApart) {
    const TCP syn{.source_port = 40000, .destination_port = 53};
    EXPECT_EQ(from_inside(IPv4{} / UDP{}), created);
    EXPECT_EQ(from_inside(IPv4{} / syn), created);
    EXPECT_EQ(from_inside(IPv4{} / UDP{.source_port = 40001}), created);
    EXPECT_EQ(from_inside(IPv4{} / UDP{.destination_port = 54}), to_stack("session_created"));
    EXPECT_EQ(from_inside(IPv4{.destination = "198.51.100.8"} / UDP{}),
              to_stack("session_created"));
    EXPECT_EQ(sessions().size(), 5u);
}

// The tuple on the wire of either side is a key of the entry, the one in between is not.
TEST_F(FromInside, EntryIsFoundFromBothSides) {
    EXPECT_EQ(from_inside(IPv4{} / UDP{}), created);
    const auto ask = [](const char* source, const char* destination) {
        return look_up({.protocol = IPPROTO_UDP,
                        .source = endpoint_of(source),
                        .destination = endpoint_of(destination)});
    };
    EXPECT_EQ(ask("10.0.0.2:40000", "198.51.100.7:53").error, 0);
    EXPECT_FALSE(ask("10.0.0.2:40000", "198.51.100.7:53").reply);
    EXPECT_EQ(ask("198.51.100.7:53", "203.0.113.1:40000").error, 0);
    EXPECT_TRUE(ask("198.51.100.7:53", "203.0.113.1:40000").reply);
    EXPECT_EQ(ask("203.0.113.1:40000", "198.51.100.7:53").error, ENOENT);
}

TEST_F(FromInside, WhatDoesNotLeaveByAnExternalInterfaceIsTheStacks) {
    const Fate elsewhere = to_stack("to_stack_not_outbound");
    Netlink().add_route({.destination = IpPrefix::parse("192.0.2.0/24").value(),
                         .via = IpAddress::parse("10.0.0.9"),
                         .interface = "in0"});
    for (const char* destination : {
             "10.0.0.1",         // the router itself
             "203.0.113.1",      // its external address
             "10.0.0.3",         // the same network
             "192.0.2.5",        // an internal network behind another router
             "255.255.255.255",  // everybody
             "10.0.0.255",
             "203.0.113.255",
             "224.0.0.251",
             "239.255.255.250",
             "240.0.0.1",
             "127.0.0.1",
             "127.9.9.9",
             "0.0.0.0",
             "0.1.2.3",
         }) {
        EXPECT_EQ(from_inside(IPv4{.destination = destination} / UDP{}), elsewhere) << destination;
        EXPECT_EQ(from_inside(IPv4{.destination = destination} / TCP{}), elsewhere) << destination;
    }
    for (const char* source : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"}) {
        EXPECT_EQ(from_inside(IPv4{.source = source} / UDP{}), elsewhere) << "from " << source;
    }
    EXPECT_TRUE(sessions().empty());
}

TEST_F(FromInside, WithoutRouteItIsTheStacks) {
    Netlink().remove_route({.destination = IpPrefix::parse("0.0.0.0/0").value(),
                            .via = IpAddress::parse("203.0.113.254"),
                            .interface = "out0"});
    EXPECT_EQ(from_inside(IPv4{} / UDP{}), to_stack("to_stack_not_outbound"));
    EXPECT_EQ(from_inside(IPv4{.destination = "203.0.113.9"} / UDP{}), created) << "on the link";
}

TEST_F(FromInside, AnInterfaceWithoutPoolIsNotExternal) {
    remove_pool();
    EXPECT_EQ(from_inside(IPv4{} / UDP{}), to_stack("to_stack_not_outbound"));
    EXPECT_TRUE(sessions().empty());
}

// Larger than the external interface's MTU: translated all the same, the stack sends the error.
TEST_F(FromInside, TooBigPacketsHaveASessionToo) {
    Netlink().set_mtu("out0", 1000);
    EXPECT_EQ(from_inside(IPv4{.fragment = 0x4000} / UDP{} / Payload{std::string(1200, 'x')}),
              created);
}

// Of the router, or merely routed: the entry is the stack's affair.
TEST_F(FromInside, EntriesWithoutNatThatDoNotLeaveAreLeftAlone) {
    creator().create({.protocol = IPPROTO_UDP,
                      .source = endpoint_of("10.0.0.2:40000"),
                      .destination = endpoint_of("10.0.0.1:53"),
                      .status = IPS_SEEN_REPLY});
    EXPECT_EQ(from_inside(IPv4{.destination = "10.0.0.1"} / UDP{}), to_stack("session_hit"));
    EXPECT_EQ(only_session().status & IPS_NAT_MASK, 0u);
}

// From before the start, or from a moment without our table: it would never get out.
TEST_F(FromInside, EntriesWithoutNatThatLeaveBeginAnew) {
    creator().create({.protocol = IPPROTO_UDP,
                      .source = endpoint_of("10.0.0.2:40000"),
                      .destination = endpoint_of("198.51.100.7:53"),
                      .mark = CTGATE_ACCEPTED_MARK,
                      .status = IPS_SEEN_REPLY});
    EXPECT_EQ(from_inside(IPv4{} / UDP{}),
              to_stack("session_restarted_untranslated", "session_created", "mapping_created",
                       "port_preserved"));
    EXPECT_EQ(only_session().reply_destination.text(), "203.0.113.1:40000");
    EXPECT_EQ(only_session().mark, 0u);
}

}  // namespace
}  // namespace ctgate

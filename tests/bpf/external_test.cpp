// SPDX-License-Identifier: GPL-2.0-only
// Packets from outside: replies to sessions that the firewall has accepted, and the others.
#include <linux/netfilter/nf_conntrack_common.h>

#include "bpf/dataplane_fixture.hpp"

namespace ctgate {
namespace {

class FromOutside : public DataplaneTest {
  protected:
    // 10.0.0.2:40000 -> 198.51.100.7:53 as 203.0.113.1:40000, as the programs make it.
    static NewEntry entry(std::uint8_t protocol, std::uint32_t mark, std::uint32_t status = 0) {
        return {.protocol = protocol,
                .source = endpoint_of("10.0.0.2:40000"),
                .destination = endpoint_of("198.51.100.7:53"),
                .translated_source = endpoint_of("203.0.113.1:40000"),
                .mark = mark,
                .status = status};
    }

    const IPv4 back_{.source = "198.51.100.7", .destination = "203.0.113.1"};
    const UDP udp_reply_{.source_port = 53, .destination_port = 40000};
};

TEST_F(FromOutside, UnsolicitedGoesToTheStack) {
    const Fate unsolicited = to_stack("to_stack_unsolicited");
    EXPECT_EQ(from_outside(back_ / udp_reply_), unsolicited);
    EXPECT_EQ(from_outside(back_ / TCP{.flags = SYN}), unsolicited);
    EXPECT_EQ(from_outside(back_ / TCP{.flags = ACK}), unsolicited);
    EXPECT_TRUE(sessions().empty());
}

TEST_F(FromOutside, StraightToSomethingInternalIsDropped) {
    const Fate intruder = drop("drop_internal_destination");
    const auto to = [](const char* destination) {
        return IPv4{.source = "198.51.100.7", .destination = destination};
    };
    EXPECT_EQ(from_outside(to("10.0.0.2") / UDP{}), intruder) << "routed inwards";
    EXPECT_EQ(from_outside(to("10.0.0.2") / TCP{.flags = SYN}), intruder);
    EXPECT_EQ(from_outside(to("10.0.0.1") / UDP{}), intruder) << "the router's internal address";
    IPv4 ping = to("10.0.0.2");
    ping.protocol = IPPROTO_ICMP;
    EXPECT_EQ(from_outside(ping / Payload{"a ping"}), intruder) << "whatever the protocol";
    EXPECT_EQ(from_outside(to("192.0.2.9") / UDP{}), to_stack("to_stack_unsolicited"))
        << "routed elsewhere";
    set_role("10.0.0.2", CTGATE_ADDRESS_EXTERNAL);
    EXPECT_EQ(from_outside(to("10.0.0.2") / UDP{}), to_stack("to_stack_unsolicited"))
        << "an address that is given out, though a route leads inwards";
    EXPECT_TRUE(sessions().empty());
}

TEST_F(FromOutside, ReplyBeforeTheFirewallHasAcceptedIsDropped) {
    EXPECT_EQ(from_inside(IPv4{} / UDP{}),
              to_stack("session_created", "mapping_created", "port_preserved"));
    EXPECT_EQ(from_outside(back_ / udp_reply_), drop("drop_unaccepted_reply"));
    EXPECT_EQ(only_session().status & IPS_SEEN_REPLY, 0u);
}

TEST_F(FromOutside, ReplyToAnAcceptedSessionGoesToTheStack) {
    creator().create(entry(IPPROTO_UDP, CTGATE_ACCEPTED_MARK));
    EXPECT_EQ(from_outside(back_ / udp_reply_), to_stack("session_hit"));
}

TEST_F(FromOutside, OtherBitsOfTheMarkDoNotAccept) {
    creator().create(entry(IPPROTO_UDP, ~CTGATE_ACCEPTED_MARK));
    EXPECT_EQ(from_outside(back_ / udp_reply_), drop("drop_unaccepted_reply"));
}

TEST_F(FromOutside, RepliesOfTcpWhateverTheirFlags) {
    creator().create(entry(IPPROTO_TCP, 0));
    const auto reply = [&](unsigned flags) {
        return back_ / TCP{.source_port = 53,
                           .destination_port = 40000,
                           .flags = static_cast<std::uint8_t>(flags)};
    };
    for (const unsigned flags : {SYN | ACK, SYN + 0, ACK + 0, RST + 0, FIN | ACK}) {
        EXPECT_EQ(from_outside(reply(flags)), drop("drop_unaccepted_reply")) << flags;
    }
    conntrack::update([](const Session&) {
        return conntrack::Change{.action = conntrack::Action::set_mark,
                                 .mark = CTGATE_ACCEPTED_MARK};
    });
    for (const unsigned flags : {SYN | ACK, SYN + 0, ACK + 0, RST + 0, FIN | ACK}) {
        EXPECT_EQ(from_outside(reply(flags)), to_stack("session_hit")) << flags;
    }
}

// Address-and-port-dependent: only the remote endpoint of the session may answer.
TEST_F(FromOutside, OthersThanTheRemoteEndpointAreUnsolicited) {
    creator().create(entry(IPPROTO_UDP, CTGATE_ACCEPTED_MARK));
    const Fate unsolicited = to_stack("to_stack_unsolicited");
    EXPECT_EQ(from_outside(back_ / UDP{.source_port = 54, .destination_port = 40000}), unsolicited);
    EXPECT_EQ(from_outside(back_ / UDP{.source_port = 53, .destination_port = 40001}), unsolicited);
    EXPECT_EQ(
        from_outside(IPv4{.source = "198.51.100.8", .destination = "203.0.113.1"} / udp_reply_),
        unsolicited);
    EXPECT_EQ(
        from_outside(IPv4{.source = "198.51.100.7", .destination = "203.0.113.2"} / udp_reply_),
        unsolicited);
    EXPECT_EQ(from_outside(back_ / TCP{.source_port = 53, .destination_port = 40000}), unsolicited);
}

// Whoever is outside knows the inside end's address, and sends in its name.
TEST_F(FromOutside, PacketThatClaimsToComeFromInsideIsDropped) {
    for (const std::uint32_t mark : {0U, CTGATE_ACCEPTED_MARK}) {
        NewEntry session = entry(IPPROTO_UDP, mark, IPS_SEEN_REPLY);
        session.destination.port = mark == 0 ? 53 : 54;
        creator().create(session);
        EXPECT_EQ(from_outside(IPv4{} / UDP{.destination_port = session.destination.port}),
                  drop("drop_forged_original"));
    }
    EXPECT_EQ(sessions().size(), 2u) << "and the sessions go on";
    creator().create(entry(IPPROTO_TCP, CTGATE_ACCEPTED_MARK));
    EXPECT_EQ(from_outside(IPv4{} / TCP{.destination_port = 53, .flags = RST}),
              drop("drop_forged_original"));
}

// The host's own masquerade towards an interface that is not ours: its sessions begin outside.
TEST_F(FromOutside, SourceNatToOtherAddressesIsTheHostsOwn) {
    NewEntry session = entry(IPPROTO_UDP, 0);
    session.translated_source = endpoint_of("192.0.2.77:40000");
    creator().create(session);
    EXPECT_EQ(from_outside(IPv4{} / UDP{}), to_stack("session_hit"));
}

// Of the router itself, without NAT: both directions are the stack's affair, accepted or not.
TEST_F(FromOutside, SessionsOfTheRouterAreTheStacks) {
    creator().create({.protocol = IPPROTO_UDP,
                      .source = endpoint_of("203.0.113.1:40000"),
                      .destination = endpoint_of("198.51.100.7:53")});
    EXPECT_EQ(from_outside(back_ / udp_reply_), to_stack("session_hit"));
    creator().create({.protocol = IPPROTO_TCP,
                      .source = endpoint_of("198.51.100.7:40000"),
                      .destination = endpoint_of("203.0.113.1:22")});
    EXPECT_EQ(from_outside(back_ / TCP{.destination_port = 22, .flags = ACK}),
              to_stack("session_hit"));
}

// Port forwards that the host's own rules make: without and with the remote endpoint hidden.
TEST_F(FromOutside, PortForwardsOfTheHostsOwnRulesAreTheStacks) {
    NewEntry forward{.protocol = IPPROTO_TCP,
                     .source = endpoint_of("198.51.100.7:40000"),
                     .destination = endpoint_of("203.0.113.1:80"),
                     .translated_destination = endpoint_of("10.0.0.3:8080")};
    creator().create(forward);
    EXPECT_EQ(from_outside(back_ / TCP{.flags = ACK}), to_stack("session_hit"));
    forward.mark = CTGATE_ACCEPTED_MARK;  // as the table does when the first packet has passed
    forward.destination.port = 81;
    forward.translated_source = endpoint_of("10.0.0.1:40000");
    creator().create(forward);
    EXPECT_EQ(from_outside(back_ / TCP{.destination_port = 81, .flags = ACK}),
              to_stack("session_hit"));
    EXPECT_EQ(from_inside(IPv4{.source = "10.0.0.3", .destination = "10.0.0.1"} /
                          TCP{.source_port = 8080, .destination_port = 40000, .flags = SYN | ACK}),
              to_stack("session_hit"))
        << "its reply";
}

// A port forward, of whoever's rules, that the firewall has not let through.
TEST_F(FromOutside, ReplyFromInsideBeforeTheFirewallHasAcceptedIsDropped) {
    creator().create({.protocol = IPPROTO_UDP,
                      .source = endpoint_of("198.51.100.7:53"),
                      .destination = endpoint_of("203.0.113.1:80"),
                      .translated_destination = endpoint_of("10.0.0.3:8080")});
    EXPECT_EQ(from_inside(IPv4{.source = "10.0.0.3", .destination = "198.51.100.7"} /
                          UDP{.source_port = 8080, .destination_port = 53}),
              drop("drop_unaccepted_reply"));
}

TEST_F(FromOutside, ExpiredSessionsHaveNoReplies) {
    NewEntry expired = entry(IPPROTO_UDP, CTGATE_ACCEPTED_MARK);
    expired.timeout_ms = 0;
    creator().create(expired);
    EXPECT_EQ(from_outside(back_ / udp_reply_), to_stack("to_stack_unsolicited"));
}

}  // namespace
}  // namespace ctgate

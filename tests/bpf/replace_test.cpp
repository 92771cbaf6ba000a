// SPDX-License-Identifier: GPL-2.0-only
// Sessions that end when their next packet from inside comes, and start anew: those that the
// firewall never accepted although a reply has been seen, and closed ones that a SYN opens again.
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>

#include "bpf/dataplane_fixture.hpp"

namespace ctgate {
namespace {

class Replace : public DataplaneTest {
  protected:
    // 10.0.0.2:40000 -> 198.51.100.7:80 as 203.0.113.1:50000.
    static NewEntry entry(std::uint8_t protocol, std::uint32_t mark, std::uint32_t status) {
        return {.protocol = protocol,
                .source = endpoint_of("10.0.0.2:40000"),
                .destination = endpoint_of("198.51.100.7:80"),
                .translated_source = endpoint_of("203.0.113.1:50000"),
                .mark = mark,
                .status = status};
    }

    void make_tcp(std::uint8_t state, std::uint32_t mark = CTGATE_ACCEPTED_MARK) {
        const NewEntry session = entry(IPPROTO_TCP, mark, IPS_SEEN_REPLY | IPS_ASSURED);
        creator().create(session);
        set_tcp_state(session, state);
    }

    // Fails the test unless the only session is a new one, with that external endpoint.
    static void expect_new(const char* external) {
        const Session session = only_session();
        EXPECT_EQ(session.mark, 0u) << "not accepted yet";
        EXPECT_EQ(session.status & IPS_SEEN_REPLY, 0u);
        EXPECT_LE(session.timeout, CTGATE_INITIAL_TIMEOUT_MS / 1000);
        EXPECT_EQ(session.source.text(), "10.0.0.2:40000");
        EXPECT_EQ(session.reply_destination.text(), external);
    }

    void route_elsewhere() {
        Netlink().add_route({.destination = IpPrefix::parse("198.51.100.0/24").value(),
                             .via = IpAddress::parse("10.0.0.9"),
                             .interface = "in0"});
    }

    const Packet udp_ = IPv4{} / UDP{.destination_port = 80};
    const Packet syn_ = IPv4{} / TCP{.flags = SYN};
};

const Fate restarted =
    to_stack("session_restarted_unaccepted", "session_created", "mapping_created");
const Fate reopened = to_stack("session_reopened", "session_created");
const Fate hit = to_stack("session_hit");

TEST_F(Replace, UnacceptedWithReplyStartsAnewAtTheSameEndpoint) {
    creator().create(entry(IPPROTO_UDP, 0, IPS_SEEN_REPLY));
    EXPECT_EQ(from_inside(udp_), restarted);
    expect_new("203.0.113.1:50000");
    EXPECT_EQ(from_inside(udp_), hit) << "once";
}

TEST_F(Replace, UnacceptedTcpWithReplyEndsOnAnyPacket) {
    creator().create(entry(IPPROTO_TCP, 0, IPS_SEEN_REPLY));
    EXPECT_EQ(from_inside(IPv4{} / TCP{.flags = ACK}),
              to_stack("session_restarted_unaccepted", "to_stack_tcp_no_syn"));
    EXPECT_TRUE(sessions().empty());
    creator().create(entry(IPPROTO_TCP, 0, IPS_SEEN_REPLY));
    EXPECT_EQ(from_inside(syn_), restarted);
    expect_new("203.0.113.1:50000");
}

TEST_F(Replace, AcceptedOrWithoutReplyGoesOn) {
    creator().create(entry(IPPROTO_UDP, CTGATE_ACCEPTED_MARK, IPS_SEEN_REPLY));
    creator().create(entry(IPPROTO_TCP, 0, 0));
    EXPECT_EQ(from_inside(udp_), hit);
    EXPECT_EQ(from_inside(syn_), hit);
    EXPECT_EQ(sessions().size(), 2u);
}

TEST_F(Replace, SynOnAClosedSessionKeepsTheEndpoint) {
    for (const std::uint8_t state :
         {TCP_CONNTRACK_TIME_WAIT, TCP_CONNTRACK_CLOSE, TCP_CONNTRACK_LAST_ACK}) {
        make_tcp(state);
        Fate fate = from_inside(syn_);
        fate.counted.erase("mapping_created");  // the first time
        EXPECT_EQ(fate, reopened) << int{state};
        expect_new("203.0.113.1:50000");
        EXPECT_EQ(only_session().state, "NONE");
        conntrack::update(
            [](const Session&) { return conntrack::Change{.action = conntrack::Action::erase}; });
    }
}

TEST_F(Replace, SynOnAnOpenSessionIsTheTrackers) {
    for (const std::uint8_t state :
         {TCP_CONNTRACK_NONE, TCP_CONNTRACK_SYN_SENT, TCP_CONNTRACK_SYN_RECV,
          TCP_CONNTRACK_ESTABLISHED, TCP_CONNTRACK_FIN_WAIT, TCP_CONNTRACK_CLOSE_WAIT}) {
        make_tcp(state);
        EXPECT_EQ(from_inside(syn_), hit) << int{state};
        EXPECT_EQ(only_session().mark, CTGATE_ACCEPTED_MARK) << int{state};
        conntrack::update(
            [](const Session&) { return conntrack::Change{.action = conntrack::Action::erase}; });
    }
}

TEST_F(Replace, OtherPacketsOnAClosedSessionAreTheTrackers) {
    make_tcp(TCP_CONNTRACK_TIME_WAIT);
    for (const int flags : {ACK + 0, FIN | ACK, RST + 0, SYN | ACK}) {
        EXPECT_EQ(from_inside(IPv4{} / TCP{.flags = static_cast<std::uint8_t>(flags)}), hit);
    }
    EXPECT_EQ(from_outside(IPv4{.source = "198.51.100.7", .destination = "203.0.113.1"} /
                           TCP{.source_port = 80, .destination_port = 50000, .flags = SYN}),
              hit);
    EXPECT_EQ(only_session().state, "TIME_WAIT");
}

TEST_F(Replace, EndpointOutsideTodaysRangesIsNotKept) {
    set_pool({{"203.0.113.1", {{1024, 49999}}}});
    make_tcp(TCP_CONNTRACK_TIME_WAIT);
    EXPECT_EQ(from_inside(syn_),
              to_stack("session_reopened", "session_created", "mapping_created", "port_preserved"));
    expect_new("203.0.113.1:40000");
}

TEST_F(Replace, AddressThatIsNoLongerOursIsNotKept) {
    set_pool({{"203.0.113.9"}});
    make_tcp(TCP_CONNTRACK_CLOSE);
    EXPECT_EQ(from_inside(syn_),
              to_stack("session_reopened", "session_created", "mapping_created", "port_preserved"));
    expect_new("203.0.113.9:40000");
}

TEST_F(Replace, WithoutExternalAddressTheNewSessionIsDropped) {
    set_pool({});
    make_tcp(TCP_CONNTRACK_CLOSE);
    EXPECT_EQ(from_inside(syn_), drop("session_reopened", "drop_no_external_address"));
    EXPECT_TRUE(sessions().empty());
}

// Translated by the host's own rules on another way out, where nothing sets our mark.
TEST_F(Replace, SessionsThatDoNotLeaveByAnExternalInterfaceAreLeftAlone) {
    route_elsewhere();
    creator().create(entry(IPPROTO_UDP, 0, IPS_SEEN_REPLY));
    EXPECT_EQ(from_inside(udp_), hit);
    EXPECT_EQ(only_session().reply_destination.text(), "203.0.113.1:50000");
    make_tcp(TCP_CONNTRACK_TIME_WAIT);
    EXPECT_EQ(from_inside(syn_), hit);
    EXPECT_EQ(sessions().size(), 2u);
}

TEST_F(Replace, HairpinningByTheHostsOwnRulesIsLeftAlone) {
    creator().create({.protocol = IPPROTO_UDP,
                      .source = endpoint_of("10.0.0.2:40000"),
                      .destination = endpoint_of("203.0.113.1:80"),
                      .translated_source = endpoint_of("10.0.0.1:40000"),
                      .translated_destination = endpoint_of("10.0.0.3:80"),
                      .status = IPS_SEEN_REPLY});
    EXPECT_EQ(from_inside(IPv4{.destination = "203.0.113.1"} / UDP{.destination_port = 80}), hit);
    EXPECT_EQ(sessions().size(), 1u);
}

// conntrack -U can fix a timeout for good.
TEST_F(Replace, EntryThatCannotEndIsNotUsed) {
    creator().create(entry(IPPROTO_UDP, 0, IPS_SEEN_REPLY | IPS_FIXED_TIMEOUT));
    EXPECT_EQ(from_inside(udp_), drop("drop_entry_stuck"));
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Who gets in at an external endpoint (RFC 4787 REQ-8, RFC 5382 REQ-3), for every combination of
// mapping and filtering; hairpinning, and what has no mapping.
#include <linux/netfilter/nf_conntrack_common.h>

#include "bpf/mapping_fixture.hpp"

namespace ctgate {
namespace {

using namespace std::chrono_literals;

struct Filtering {
    ctgate_dependence mapping;
    ctgate_dependence filtering;
    bool other_address;
    bool other_port;
};

class Filter : public Mapping, public testing::WithParamInterface<Filtering> {};

// After a packet to 198.51.100.7:53, who gets in at that port?
TEST_P(Filter, LetsIn) {
    const Filtering& expected = GetParam();
    set_behaviour("10.0.0.0/24", expected.mapping, expected.filtering);
    const bool mapped = expected.mapping == CTGATE_ENDPOINT_INDEPENDENT;
    const Fate in = to_stack("session_created_inbound");
    const Fate out = mapped ? drop("drop_filtered") : to_stack("to_stack_unsolicited");
    for (const std::uint8_t protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
        send("10.0.0.2:4000", "198.51.100.7:53", protocol);
        EXPECT_EQ(receive("198.51.100.7:54", "203.0.113.1:4000", protocol),
                  expected.other_port ? in : out);
        EXPECT_EQ(receive("198.51.100.8:53", "203.0.113.1:4000", protocol),
                  expected.other_address ? in : out);
        EXPECT_EQ(receive("198.51.100.7:53", "203.0.113.1:4001", protocol),
                  to_stack("to_stack_unsolicited"))
            << "a port that nobody has";
        for (const Session& session : sessions()) {
            EXPECT_TRUE((session.status & IPS_DST_NAT) == 0 ||
                        session.reply_source.text() == "10.0.0.2:4000");
        }
        forget_sessions();
    }
}

INSTANTIATE_TEST_SUITE_P(
    Every, Filter,
    testing::Values(Filtering{CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ENDPOINT_INDEPENDENT, true, true},
                    Filtering{CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ADDRESS_DEPENDENT, false, true},
                    Filtering{CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ADDRESS_AND_PORT_DEPENDENT, false,
                              false},
                    Filtering{CTGATE_ADDRESS_AND_PORT_DEPENDENT, CTGATE_ADDRESS_AND_PORT_DEPENDENT,
                              false, false}));

TEST_F(Mapping, FilteringKnowsEveryAddressThatWasSentTo) {
    for (int host = 1; host <= 20; host++) {
        send("10.0.0.2:4000", "198.51.100." + std::to_string(host) + ":53");
    }
    for (int host = 1; host <= 20; host++) {
        EXPECT_EQ(receive("198.51.100." + std::to_string(host) + ":99", "203.0.113.1:4000"),
                  to_stack("session_created_inbound"));
    }
    EXPECT_EQ(receive("198.51.100.21:99", "203.0.113.1:4000"), drop("drop_filtered"));
}

// What an earlier holder of the port has sent does not count.
TEST_F(Mapping, FilteringForgetsWithTheMapping) {
    set_timeouts(1, 1, 1);
    send("10.0.0.2:4000", "198.51.100.7:53");
    send("10.0.0.2:4000", "198.51.100.8:53");
    ASSERT_TRUE(within(10s, [&] { return ports_in_use() == 0; }));
    forget_sessions();
    send("10.0.0.3:4000", "198.51.100.9:53");
    EXPECT_EQ(receive("198.51.100.7:99", "203.0.113.1:4000"), drop("drop_filtered"));
    EXPECT_EQ(receive("198.51.100.8:99", "203.0.113.1:4000"), drop("drop_filtered"));
}

// The beginning, or the midst of a connection that conntrack has forgotten.
TEST_F(Mapping, NoEndNorAnswerOpensFromOutside) {
    set_behaviour("10.0.0.2/32", CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ENDPOINT_INDEPENDENT);
    send("10.0.0.2:4000", "198.51.100.7:53", IPPROTO_TCP);
    for (const int flags : {FIN | ACK, RST + 0, RST | ACK, SYN | ACK, SYN | FIN}) {
        EXPECT_EQ(receive("198.51.100.8:53", "203.0.113.1:4000", IPPROTO_TCP,
                          static_cast<std::uint8_t>(flags)),
                  to_stack("to_stack_unsolicited"))
            << flags;
    }
    EXPECT_EQ(receive("198.51.100.8:53", "203.0.113.1:4000", IPPROTO_TCP, SYN),
              to_stack("session_created_inbound"));
    EXPECT_EQ(receive("198.51.100.9:53", "203.0.113.1:4000", IPPROTO_TCP, ACK),
              to_stack("session_created_inbound"));
}

// Only the hosts of the longest prefix.
TEST_F(Mapping, BehaviourIsThatOfTheLongestPrefix) {
    set_behaviour("10.0.0.0/24", CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ADDRESS_AND_PORT_DEPENDENT);
    set_behaviour("10.0.0.50/32", CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ENDPOINT_INDEPENDENT);
    send("10.0.0.50:4000", "198.51.100.7:53");
    send("10.0.0.51:4001", "198.51.100.7:53");
    EXPECT_EQ(receive("198.51.100.9:9", "203.0.113.1:4000"), to_stack("session_created_inbound"));
    EXPECT_EQ(receive("198.51.100.9:9", "203.0.113.1:4001"), drop("drop_filtered"));
}

// RFC 4787 REQ-9a: one entry, with the external source and the other internal endpoint.
TEST_F(Mapping, HairpinningHasBothTranslations) {
    set_behaviour("10.0.0.3/32", CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ENDPOINT_INDEPENDENT);
    for (const std::uint8_t protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
        send("10.0.0.3:5000", "198.51.100.7:53", protocol);
        forget_sessions();
        EXPECT_EQ(send("10.0.0.2:4000", "203.0.113.1:5000", protocol),
                  to_stack("session_created_hairpinned", "mapping_created", "port_preserved"));
        const Session session = only_session();
        EXPECT_EQ(session.reply_source.text(), "10.0.0.3:5000");
        EXPECT_EQ(session.reply_destination.text(), "203.0.113.1:4000");
        forget_sessions();
    }
}

// As in FromOutside.PacketThatClaimsToComeFromInsideIsDropped.
TEST_F(Mapping, HairpinnedSessionsAreNotContinuedFromOutside) {
    set_behaviour("10.0.0.3/32", CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ENDPOINT_INDEPENDENT);
    send("10.0.0.3:5000", "198.51.100.7:53");
    send("10.0.0.2:4000", "203.0.113.1:5000");
    EXPECT_EQ(receive("10.0.0.2:4000", "203.0.113.1:5000", IPPROTO_UDP),
              drop("drop_forged_original"));
}

// Each would count as a host of its own, with a quota of its own.
TEST_F(Mapping, SourcesThatAreNotInsideHaveNone) {
    send("10.0.0.3:5000", "198.51.100.7:53", IPPROTO_UDP);
    send("10.0.0.3:5000", "198.51.100.7:53", IPPROTO_TCP);
    for (const char* source : {"172.16.9.1:4000", "198.51.100.8:4000", "203.0.113.1:4000"}) {
        for (const std::uint8_t protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
            EXPECT_EQ(send(source, "198.51.100.7:53", protocol), drop("drop_foreign_source"));
            EXPECT_EQ(send(source, "203.0.113.1:5000", protocol), drop("drop_foreign_source"));
        }
    }
    EXPECT_EQ(sessions().size(), 2u);
}

// A port that is given out once more, even where all of its space began anew in between.
TEST_F(Mapping, WhomAnEarlierOwnerOfThePortHasSentToIsNotLetIn) {
    send("10.0.0.2:4000", "198.51.100.7:53");
    send("10.0.0.2:4000", "198.51.100.8:53");
    set_pool({});
    forget_sessions();
    set_pool({{"203.0.113.1"}});
    send("10.0.0.3:4000", "198.51.100.7:53");
    EXPECT_EQ(receive("198.51.100.8:53", "203.0.113.1:4000"), drop("drop_filtered"));
}

// But a packet that is filtered opens the way back to its sender.
TEST_F(Mapping, HairpinningIsFiltered) {
    for (const ctgate_dependence filtering :
         {CTGATE_ADDRESS_DEPENDENT, CTGATE_ADDRESS_AND_PORT_DEPENDENT}) {
        set_behaviour("10.0.0.0/24", CTGATE_ENDPOINT_INDEPENDENT, filtering);
        for (const std::uint8_t protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
            forget_sessions();
            const std::string port = std::to_string(5000 + 10 * filtering);
            send("10.0.0.3:" + port, "198.51.100.7:53", protocol);
            EXPECT_EQ(send("10.0.0.2:" + port, "203.0.113.1:" + port, protocol)
                          .counted.count("drop_filtered"),
                      1u);
            const std::string external =
                "203.0.113.1:" + std::to_string(mapped_port(port, protocol));
            EXPECT_EQ(send("10.0.0.3:" + port, external, protocol),
                      to_stack("session_created_hairpinned"));
            EXPECT_EQ(send("10.0.0.2:" + port, "203.0.113.1:" + port, protocol),
                      drop("drop_unaccepted_reply"))
                << "by now a packet of that session, which no firewall has accepted here";
        }
    }
}

TEST_F(Mapping, HairpinningToNobodyIsTheStacks) {
    EXPECT_EQ(send("10.0.0.2:4000", "203.0.113.1:5000"), to_stack("to_stack_not_outbound"));
}

TEST_F(Mapping, OneToOneKeepsEveryPortBothWays) {
    set_role("203.0.113.77", CTGATE_ADDRESS_ONE_TO_ONE, "10.0.0.7");
    EXPECT_EQ(send("10.0.0.7:22", "198.51.100.7:53"), to_stack("session_created"));
    EXPECT_EQ(external_of("10.0.0.7:22", "198.51.100.7:53"), "203.0.113.77:22");
    EXPECT_EQ(receive("198.51.100.9:9", "203.0.113.77:80", IPPROTO_TCP),
              to_stack("session_created_inbound"));
    EXPECT_EQ(send("10.0.0.2:4000", "203.0.113.77:81", IPPROTO_TCP),
              to_stack("session_created_hairpinned", "mapping_created", "port_preserved"));
    EXPECT_EQ(ports_in_use(), 0u);
}

TEST_F(Mapping, DmzGetsWhatIsNobodysElse) {
    ctgate_settings settings = default_settings();
    settings.dmz = IpAddress::parse("10.0.0.9").value().to_bytes();
    set_settings(settings);
    send("10.0.0.2:4000", "198.51.100.7:53");
    EXPECT_EQ(receive("198.51.100.8:53", "203.0.113.1:4000"), drop("drop_filtered"));
    forget_sessions();
    EXPECT_EQ(receive("198.51.100.8:53", "203.0.113.1:80"), to_stack("session_created_inbound"));
    EXPECT_EQ(only_session().reply_source.text(), "10.0.0.9:80");
}

TEST_F(Mapping, ExemptDestinationsAreRoutedUntranslated) {
    add_exemption("198.51.100.0/25");
    EXPECT_EQ(send("10.0.0.2:4000", "198.51.100.7:53"), to_stack("to_stack_exempt"));
    EXPECT_FALSE(send("10.0.0.2:4000", "198.51.100.207:53").dropped);
    EXPECT_EQ(sessions().size(), 1u);
}

}  // namespace
}  // namespace ctgate

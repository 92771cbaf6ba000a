// SPDX-License-Identifier: GPL-2.0-only
// Which endpoint of a conntrack entry is internal, external, remote, and its JSON form.
#include "control/session_view.hpp"

#include <gmock/gmock.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include "control/conntrack_names.hpp"
#include "control/session_json.hpp"

namespace ctgate {
namespace {

Endpoint endpoint(const char* text) {
    return Endpoint::parse(text).value();
}

Session session(std::uint8_t protocol, std::uint32_t status, const char* source,
                const char* destination, const char* reply_source, const char* reply_destination) {
    Session result;
    result.protocol = protocol;
    result.status = status;
    result.source = endpoint(source);
    result.destination = endpoint(destination);
    result.reply_source = endpoint(reply_source);
    result.reply_destination = endpoint(reply_destination);
    return result;
}

Session outbound() {
    return session(IPPROTO_TCP, IPS_SRC_NAT, "10.0.0.2:40000", "203.0.113.2:80", "203.0.113.2:80",
                   "203.0.113.1:50000");
}

TEST(SessionView, SourceNat) {
    const SessionView seen = view(outbound());
    EXPECT_EQ(seen.nat, Nat::source);
    EXPECT_EQ(seen.internal.text(), "10.0.0.2:40000");
    ASSERT_TRUE(seen.external);
    EXPECT_EQ(seen.external->text(), "203.0.113.1:50000");
    EXPECT_EQ(seen.remote.text(), "203.0.113.2:80");
}

TEST(SessionView, DestinationNat) {
    const SessionView seen = view(session(IPPROTO_UDP, IPS_DST_NAT, "203.0.113.2:7000",
                                          "203.0.113.1:8080", "10.0.0.3:80", "203.0.113.2:7000"));
    EXPECT_EQ(seen.nat, Nat::destination);
    EXPECT_EQ(seen.internal.text(), "10.0.0.3:80");
    ASSERT_TRUE(seen.external);
    EXPECT_EQ(seen.external->text(), "203.0.113.1:8080");
    EXPECT_EQ(seen.remote.text(), "203.0.113.2:7000");
}

TEST(SessionView, Hairpinning) {
    const SessionView seen = view(session(IPPROTO_UDP, IPS_SRC_NAT | IPS_DST_NAT, "10.0.0.2:6000",
                                          "203.0.113.1:8080", "10.0.0.3:80", "203.0.113.1:6001"));
    EXPECT_EQ(seen.nat, Nat::both);
    EXPECT_EQ(seen.internal.text(), "10.0.0.2:6000");
    ASSERT_TRUE(seen.external);
    EXPECT_EQ(seen.external->text(), "203.0.113.1:6001");
    EXPECT_EQ(seen.remote.text(), "10.0.0.3:80");
    EXPECT_EQ(seen.original_destination.text(), "203.0.113.1:8080");
}

TEST(SessionView, WithoutNatThereIsNoExternalEndpoint) {
    const SessionView seen = view(session(IPPROTO_UDP, 0, "203.0.113.1:4000", "203.0.113.2:53",
                                          "203.0.113.2:53", "203.0.113.1:4000"));
    EXPECT_EQ(seen.nat, Nat::none);
    EXPECT_EQ(seen.internal.text(), "203.0.113.1:4000");
    EXPECT_FALSE(seen.external);
    EXPECT_EQ(seen.remote.text(), "203.0.113.2:53");
}

TEST(SessionView, IcmpHasIdentifiersInPlaceOfPorts) {
    Session echo = session(IPPROTO_ICMP, IPS_SRC_NAT, "10.0.0.2:0", "203.0.113.2:0",
                           "203.0.113.2:0", "203.0.113.1:0");
    echo.icmp_id = 33;
    echo.icmp_reply_id = 44;
    const SessionView seen = view(echo);
    EXPECT_EQ(seen.internal.text(), "10.0.0.2#33");
    ASSERT_TRUE(seen.external);
    EXPECT_EQ(seen.external->text(), "203.0.113.1#44");
    EXPECT_EQ(seen.remote.text(), "203.0.113.2");
}

TEST(SessionView, StateOfOtherProtocolsComesFromTheStatus) {
    Session udp =
        session(IPPROTO_UDP, 0, "10.0.0.2:1", "203.0.113.2:2", "203.0.113.2:2", "10.0.0.2:1");
    EXPECT_EQ(view(udp).state, "UNREPLIED");
    udp.status = IPS_SEEN_REPLY;
    EXPECT_EQ(view(udp).state, "REPLIED");
    udp.status = IPS_SEEN_REPLY | IPS_ASSURED;
    EXPECT_EQ(view(udp).state, "ASSURED");
    Session tcp = outbound();
    tcp.state = "ESTABLISHED";
    EXPECT_EQ(view(tcp).state, "ESTABLISHED");
}

TEST(SessionJson, HasTheDocumentedFields) {
    Session tcp = outbound();
    tcp.state = "ESTABLISHED";
    tcp.status |= IPS_SEEN_REPLY;
    tcp.mark = 0x80000001;
    tcp.timeout = 7439;
    const auto expected = nlohmann::ordered_json::parse(R"({
        "protocol": "tcp", "state": "ESTABLISHED", "nat": "source",
        "internal": {"address": "10.0.0.2", "port": 40000},
        "external": {"address": "203.0.113.1", "port": 50000},
        "remote": {"address": "203.0.113.2", "port": 80},
        "timeout": 7439, "accepted": true, "mark": 2147483649,
        "status": ["SEEN_REPLY", "SRC_NAT"],
        "original": {"source": {"address": "10.0.0.2", "port": 40000},
                     "destination": {"address": "203.0.113.2", "port": 80}},
        "reply": {"source": {"address": "203.0.113.2", "port": 80},
                  "destination": {"address": "203.0.113.1", "port": 50000}}})");
    EXPECT_EQ(session_json(tcp, 0x80000000).dump(2), expected.dump(2));
    EXPECT_EQ(session_json(tcp, 0x40000000)["accepted"], false);
}

TEST(SessionJson, NoNatMakesExternalNull) {
    Session plain = outbound();
    plain.status = 0;
    EXPECT_TRUE(session_json(plain, 1)["external"].is_null());
}

TEST(ConntrackNames, StatusBitsAndTcpStates) {
    EXPECT_THAT(conntrack::status_names(0), testing::IsEmpty());
    EXPECT_THAT(conntrack::status_names(IPS_CONFIRMED | IPS_SRC_NAT | 1u << 31),
                testing::ElementsAre("CONFIRMED", "SRC_NAT", "BIT_31"));
    EXPECT_EQ(conntrack::tcp_state_name(3), "ESTABLISHED");
    EXPECT_EQ(conntrack::tcp_state_name(7), "TIME_WAIT");
    EXPECT_EQ(conntrack::tcp_state_name(200), "UNKNOWN");
    EXPECT_EQ(conntrack::protocol_name(IPPROTO_TCP), "tcp");
    EXPECT_EQ(conntrack::protocol_name(89), "89");
}

}  // namespace
}  // namespace ctgate

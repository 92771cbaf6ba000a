// SPDX-License-Identifier: GPL-2.0-only
// A session may begin with any packet that has its ports: the first fragment of a datagram, or one
// with IPv4 options. What decides about it is the same.
#include "bpf/mapping_fixture.hpp"
#include "control/forwards.hpp"

namespace ctgate {
namespace {

struct Form {
    const char* name;
    std::uint16_t fragment;
    Bytes options;
};

class FirstPacket : public Mapping, public testing::WithParamInterface<Form> {
  protected:
    static Packet packet(const std::string& from, const std::string& to, std::uint8_t protocol) {
        const Endpoint source = endpoint_of(from);
        const Endpoint destination = endpoint_of(to);
        const IPv4 ip{.source = source.address.text(),
                      .destination = destination.address.text(),
                      .fragment = GetParam().fragment,
                      .options = GetParam().options};
        if (protocol == IPPROTO_TCP) {
            return ip / TCP{.source_port = source.port, .destination_port = destination.port};
        }
        const UDP udp{.source_port = source.port, .destination_port = destination.port};
        return ip / udp / Payload{"the beginning"};
    }

    Fate leave(const std::string& from, const std::string& to, std::uint8_t protocol) {
        return from_inside(packet(from, to, protocol));
    }

    Fate enter(const std::string& from, const std::string& to, std::uint8_t protocol) {
        return from_outside(packet(from, to, protocol));
    }
};

INSTANTIATE_TEST_SUITE_P(Every, FirstPacket,
                         testing::Values(Form{"Plain", 0, {}}, Form{"FirstFragment", 0x2000, {}},
                                         Form{"RecordRoute", 0, {7, 7, 4, 0, 0, 0, 0, 0}}),
                         [](const auto& form) { return form.param.name; });

TEST_P(FirstPacket, FromInsideMakesTheMapping) {
    for (const std::uint8_t protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
        EXPECT_EQ(leave("10.0.0.2:4000", "198.51.100.7:53", protocol),
                  to_stack("session_created", "mapping_created", "port_preserved"));
        EXPECT_EQ(send("10.0.0.2:4000", "198.51.100.8:53", protocol), to_stack("session_created"))
            << "and others find it";
        EXPECT_EQ(external_of("10.0.0.2:4000", "198.51.100.8:53"), "203.0.113.1:4000");
        EXPECT_FALSE(leave("10.0.0.3:4000", "198.51.100.7:53", protocol).dropped);
        EXPECT_NE(external_of("10.0.0.3:4000", "198.51.100.7:53"), "203.0.113.1:4000");
        EXPECT_EQ(ports_in_use(protocol), 2u);
        forget_sessions();
    }
}

TEST_P(FirstPacket, FromOutsideIsFiltered) {
    for (const std::uint8_t protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
        EXPECT_EQ(enter("198.51.100.7:54", "203.0.113.1:4000", protocol),
                  to_stack("to_stack_unsolicited"));
        send("10.0.0.2:4000", "198.51.100.7:53", protocol);
        EXPECT_EQ(enter("198.51.100.7:54", "203.0.113.1:4000", protocol),
                  to_stack("session_created_inbound"));
        EXPECT_EQ(enter("198.51.100.8:53", "203.0.113.1:4000", protocol), drop("drop_filtered"));
        EXPECT_EQ(sessions().size(), 2u);
        forget_sessions();
    }
}

TEST_P(FirstPacket, FromOutsideToAForward) {
    const Forward to{.internal = endpoint_of("10.0.0.5:80"),
                     .ifindex = static_cast<unsigned>(outside_ifindex()),
                     .access = 7};
    for (const std::uint8_t protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
        const PortSpace space{IpAddress::parse(external_address).value(), protocol};
        forwards::set(port_maps(), {{space, {{8080, to}}}});
        add_access(7, "198.51.100.7/32", true);
        EXPECT_EQ(enter("198.51.100.7:54", "203.0.113.1:8080", protocol),
                  to_stack("session_created_inbound"));
        EXPECT_EQ(only_session().reply_source.text(), "10.0.0.5:80");
        EXPECT_EQ(enter("198.51.100.8:54", "203.0.113.1:8080", protocol),
                  drop("drop_forward_refused"));
        forget_sessions();
    }
}

TEST_P(FirstPacket, IsHairpinned) {
    set_behaviour("10.0.0.3/32", CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ENDPOINT_INDEPENDENT);
    send("10.0.0.3:5000", "198.51.100.7:53");
    forget_sessions();
    EXPECT_EQ(leave("10.0.0.2:4000", "203.0.113.1:5000", IPPROTO_UDP),
              to_stack("session_created_hairpinned", "mapping_created", "port_preserved"));
    EXPECT_EQ(only_session().reply_source.text(), "10.0.0.3:5000");
    EXPECT_EQ(only_session().reply_destination.text(), "203.0.113.1:4000");
}

TEST_P(FirstPacket, CountsAgainstTheQuota) {
    ctgate_settings settings = default_settings();
    settings.max_ports_per_host = 1;
    set_settings(settings);
    send("10.0.0.2:4000", "198.51.100.7:53");
    EXPECT_EQ(leave("10.0.0.2:4001", "198.51.100.7:53", IPPROTO_UDP), drop("drop_port_quota"));
}

TEST_P(FirstPacket, OfAReplyBeforeTheFirewallHasAcceptedIsDropped) {
    send("10.0.0.2:4000", "198.51.100.7:53");
    EXPECT_EQ(enter("198.51.100.7:53", "203.0.113.1:4000", IPPROTO_UDP),
              drop("drop_unaccepted_reply"));
    EXPECT_EQ(enter("10.0.0.2:4000", "198.51.100.7:53", IPPROTO_UDP), drop("drop_forged_original"));
}

}  // namespace
}  // namespace ctgate

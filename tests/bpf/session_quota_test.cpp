// SPDX-License-Identifier: GPL-2.0-only
// How many sessions an internal host may have (RFC 6888 REQ-4).
#include <linux/netfilter/nf_conntrack_tcp.h>

#include <thread>

#include "bpf/mapping_fixture.hpp"
#include "ctgate/hosts.h"

namespace ctgate {
namespace {

using namespace std::chrono_literals;

constexpr const char* remote = "198.51.100.7:53";

class SessionQuota : public Mapping {
  protected:
    SessionQuota() { set_limit(2); }

    static void set_limit(unsigned sessions) {
        ctgate_settings settings = default_settings();
        settings.max_sessions_per_host = sessions;
        set_settings(settings);
    }

    bool begins(const std::string& from, const std::string& to = remote,
                std::uint8_t protocol = IPPROTO_UDP) {
        return !send(from, to, protocol).dropped;
    }

    // Sessions that this host could begin in a row.
    unsigned begun(const std::string& host, unsigned attempts) {
        unsigned count = 0;
        for (unsigned i = 0; i < attempts; i++) {
            count += begins(host + ":" + std::to_string(4000 + i)) ? 1 : 0;
        }
        return count;
    }

    static void end_session(const std::string& source) {
        conntrack::update([&](const Session& session) {
            return session.source.text() == source
                       ? conntrack::Change{.action = conntrack::Action::erase}
                       : conntrack::Change{};
        });
    }

    static ctgate_host host(const std::string& address, std::uint32_t protocol = IPPROTO_UDP) {
        const ctgate_host_key key{.address = IpAddress::parse(address).value().to_bytes(),
                                  .protocol = protocol};
        ctgate_host value{};
        EXPECT_EQ(bpf_map__lookup_elem(gateway_programs()->maps.hosts, &key, sizeof(key), &value,
                                       sizeof(value), 0),
                  0);
        return value;
    }
};

TEST_F(SessionQuota, IsPerHostAndProtocol) {
    EXPECT_TRUE(begins("10.0.0.2:4000"));
    EXPECT_TRUE(begins("10.0.0.2:4000", "198.51.100.8:53")) << "of the same mapping";
    EXPECT_EQ(send("10.0.0.2:4001", remote), drop("drop_session_quota"));
    EXPECT_EQ(send("10.0.0.2:4000", remote), to_stack("session_hit"));
    EXPECT_TRUE(begins("10.0.0.3:4001"));
    EXPECT_TRUE(begins("10.0.0.2:4001", remote, IPPROTO_TCP));
    EXPECT_EQ(ports_in_use(), 2u) << "the refused one has none";
    EXPECT_EQ(host("10.0.0.2").refused[CTGATE_REFUSED_SESSION_QUOTA], 1u);
    EXPECT_EQ(host("10.0.0.3").refused[CTGATE_REFUSED_SESSION_QUOTA], 0u);
}

TEST_F(SessionQuota, WithoutLimitNothingIsKept) {
    set_limit(0);
    EXPECT_EQ(begun("10.0.0.2", 100), 100u);
    ctgate_place place{};
    EXPECT_NE(bpf_map_get_next_key(bpf_map__fd(gateway_programs()->maps.places), nullptr, &place),
              0);
}

TEST_F(SessionQuota, IsExact) {
    set_limit(500);
    EXPECT_EQ(begun("10.0.0.2", 600), 500u);
    EXPECT_EQ(sessions().size(), 500u);
    EXPECT_EQ(counter("drop_session_quota"), 100u);
}

TEST_F(SessionQuota, IsExactOnSeveralCpusAtOnce) {
    set_limit(100);
    const auto flood = [&](unsigned first) {
        for (unsigned port = first; port < first + 200; port++) {
            TestFrame frame{.bytes = (Ethernet{.destination = inside_mac()} / IPv4{} /
                                      UDP{.source_port = static_cast<std::uint16_t>(port)})
                                         .bytes(),
                            .ifindex = inside_ifindex()};
            run(gateway_programs()->progs.internal_l2, frame);
        }
    };
    std::thread other([&] { flood(5000); });
    flood(6000);
    other.join();
    EXPECT_EQ(sessions().size(), 100u);
    EXPECT_EQ(counter("drop_session_quota"), 300u);
}

TEST_F(SessionQuota, EndedSessionMakesRoom) {
    EXPECT_EQ(begun("10.0.0.2", 3), 2u);
    end_session("10.0.0.2:4000");
    EXPECT_TRUE(within(5s, [&] { return begins("10.0.0.2:4009"); }));
    EXPECT_FALSE(begins("10.0.0.2:4010"));
    EXPECT_EQ(sessions().size(), 2u);
}

TEST_F(SessionQuota, EndedSessionIsFoundAmongMany) {
    set_limit(500);
    EXPECT_EQ(begun("10.0.0.2", 500), 500u);
    end_session("10.0.0.2:4321");
    EXPECT_TRUE(within(5s, [&] { return begins("10.0.0.2:4999"); }));
    EXPECT_FALSE(begins("10.0.0.2:5000"));
}

TEST_F(SessionQuota, ClosedTcpSessionDoesNotCount) {
    const Endpoint server = endpoint_of("198.51.100.7:80");
    for (const unsigned port : {4000u, 4001u}) {
        EXPECT_TRUE(begins("10.0.0.2:" + std::to_string(port), server.text(), IPPROTO_TCP));
    }
    EXPECT_FALSE(begins("10.0.0.2:4002", server.text(), IPPROTO_TCP));
    set_tcp_state(
        {.protocol = IPPROTO_TCP, .source = endpoint_of("10.0.0.2:4000"), .destination = server},
        TCP_CONNTRACK_TIME_WAIT);
    EXPECT_TRUE(within(5s, [&] { return begins("10.0.0.2:4003", server.text(), IPPROTO_TCP); }));
    EXPECT_FALSE(begins("10.0.0.2:4004", server.text(), IPPROTO_TCP));
}

// As a client does that always asks from the same port, long after its last answer.
TEST_F(SessionQuota, SameEndpointsAgainTakeNoFurtherPlace) {
    for (int i = 0; i < 10; i++) {
        EXPECT_TRUE(begins("10.0.0.2:123"));
        end_session("10.0.0.2:123");
    }
    EXPECT_TRUE(begins("10.0.0.2:123"));
    EXPECT_TRUE(begins("10.0.0.2:4000"));
    EXPECT_FALSE(begins("10.0.0.2:4001"));
}

TEST_F(SessionQuota, RefusedForAnotherReasonTakesNoPlace) {
    ctgate_settings settings = default_settings();
    settings.max_sessions_per_host = 2;
    settings.max_ports_per_host = 1;
    set_settings(settings);
    EXPECT_TRUE(begins("10.0.0.2:4000"));
    for (int i = 0; i < 5; i++) {
        EXPECT_EQ(send("10.0.0.2:4001", remote), drop("drop_port_quota"));
    }
    EXPECT_TRUE(begins("10.0.0.2:4000", "198.51.100.8:53"));
    EXPECT_EQ(send("10.0.0.2:4000", "198.51.100.9:53"), drop("drop_session_quota"));
}

TEST_F(SessionQuota, HoldsForSessionsFromOutside) {
    set_behaviour("10.0.0.2/32", CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ENDPOINT_INDEPENDENT);
    EXPECT_TRUE(begins("10.0.0.2:4000"));
    EXPECT_EQ(receive("198.51.100.8:1000", "203.0.113.1:4000"),
              to_stack("session_created_inbound"));
    EXPECT_EQ(receive("198.51.100.9:1000", "203.0.113.1:4000"), drop("drop_inbound_session_quota"));
    EXPECT_FALSE(begins("10.0.0.2:4001"));
    EXPECT_EQ(receive("198.51.100.8:1000", "203.0.113.1:4000"), to_stack("session_hit"));
}

TEST_F(SessionQuota, FollowsTheLimit) {
    set_limit(4);
    EXPECT_EQ(begun("10.0.0.2", 6), 4u);
    set_limit(2);
    EXPECT_FALSE(begins("10.0.0.2:5000"));
    for (const char* each : {"10.0.0.2:4000", "10.0.0.2:4001", "10.0.0.2:4002"}) {
        end_session(each);
    }
    EXPECT_TRUE(within(5s, [&] { return begins("10.0.0.2:5000"); }));
    set_limit(6);
    EXPECT_EQ(begun("10.0.0.2", 2), 2u);
}

// The limit is looked for once a second at most: a flood at the limit costs a look-up each.
TEST_F(SessionQuota, RefusesWithoutLookingAgainInTheSameSecond) {
    set_limit(10);
    EXPECT_EQ(begun("10.0.0.2", 11), 10u);
    set_times(90);
    EXPECT_FALSE(begins("10.0.0.2:5000"));
    EXPECT_GE(host("10.0.0.2").looked, 90u);
    EXPECT_LE(host("10.0.0.2").next, 20u) << "two seconds' worth";
}

}  // namespace
}  // namespace ctgate

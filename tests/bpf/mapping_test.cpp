// SPDX-License-Identifier: GPL-2.0-only
// Endpoint-independent mapping (RFC 4787 REQ-1, RFC 5382 REQ-1), and the ports it takes and gives
// back.
#include "bpf/mapping_fixture.hpp"

namespace ctgate {
namespace {

using namespace std::chrono_literals;

TEST_F(Mapping, OneExternalEndpointForAllRemoteOnes) {
    for (const std::uint8_t protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
        for (const char* remote : {"198.51.100.7:53", "198.51.100.7:54", "198.51.100.8:53"}) {
            EXPECT_FALSE(send("10.0.0.2:4000", remote, protocol).dropped);
            EXPECT_EQ(external_of("10.0.0.2:4000", remote), "203.0.113.1:4000");
        }
        EXPECT_EQ(ports_in_use(protocol), 1u);
        forget_sessions();
    }
}

// Here conntrack alone gives the second session another port, and the third the first again.
TEST_F(Mapping, OneExternalEndpointAlsoUnderContention) {
    send("10.0.0.3:4000", "198.51.100.8:53");
    send("10.0.0.2:4000", "198.51.100.7:53");
    send("10.0.0.2:4000", "198.51.100.8:53");
    const std::string external = external_of("10.0.0.2:4000", "198.51.100.7:53");
    EXPECT_NE(external, "203.0.113.1:4000") << "another host has that";
    EXPECT_EQ(external_of("10.0.0.2:4000", "198.51.100.8:53"), external);
    EXPECT_EQ(external_of("10.0.0.3:4000", "198.51.100.8:53"), "203.0.113.1:4000");
}

TEST_F(Mapping, OutlivesItsSessions) {
    send("10.0.0.3:4000", "198.51.100.8:53");
    send("10.0.0.2:4000", "198.51.100.7:53");
    const std::string external = external_of("10.0.0.2:4000", "198.51.100.7:53");
    forget_sessions();
    EXPECT_EQ(send("10.0.0.2:4000", "198.51.100.9:53"), to_stack("session_created"));
    EXPECT_EQ(external_of("10.0.0.2:4000", "198.51.100.9:53"), external);
}

TEST_F(Mapping, ProtocolsHaveTheirOwn) {
    send("10.0.0.2:4000", "198.51.100.7:53", IPPROTO_UDP);
    EXPECT_EQ(send("10.0.0.3:4000", "198.51.100.7:53", IPPROTO_TCP),
              to_stack("session_created", "mapping_created", "port_preserved"));
}

// RFC 4787 REQ-3a and REQ-4, where the internal port cannot be had.
TEST_F(Mapping, KeepsClassAndParity) {
    set_pool({{external_address, {{1, 65535}}}});
    for (const std::uint16_t port : {500, 501, 40000, 40001}) {
        const std::string number = std::to_string(port);
        send("10.0.0.3:" + number, "198.51.100.7:53");
        for (int host = 10; host < 18; host++) {
            const std::string endpoint = "10.0.0." + std::to_string(host) + ":" + number;
            send(endpoint, "198.51.100.7:53");
            const Endpoint external = endpoint_of(external_of(endpoint, "198.51.100.7:53"));
            EXPECT_EQ(external.port % 2, port % 2) << external.text();
            EXPECT_EQ(external.port < 1024, port < 1024) << external.text();
        }
    }
}

TEST_F(Mapping, TakesTheOtherClassBeforeNone) {
    set_pool({{external_address, {{1023, 1024}}}});
    send("10.0.0.2:5001", "198.51.100.7:53");
    send("10.0.0.2:5003", "198.51.100.7:53");
    EXPECT_EQ(ports_in_use(), 2u);
    EXPECT_EQ(send("10.0.0.2:5005", "198.51.100.7:53"), drop("drop_ports_exhausted"));
    EXPECT_EQ(send("10.0.0.2:5001", "198.51.100.8:53"), to_stack("session_created"))
        << "a mapping needs no other port";
}

// Whatever the range, the last port is found, and no port is given twice.
TEST_F(Mapping, ExactToTheLastPort) {
    set_pool({{external_address, {{900, 1100}, {40000, 40037}, {65535, 65535}}}});
    constexpr unsigned all = 201 + 38 + 1;
    std::set<std::string> used;
    for (unsigned i = 0; i < all; i++) {
        const std::string endpoint = "10.0.0.2:" + std::to_string(2000 + i);
        ASSERT_FALSE(send(endpoint, "198.51.100.7:53").dropped) << i;
        used.insert(external_of(endpoint, "198.51.100.7:53"));
    }
    EXPECT_EQ(used.size(), all);
    EXPECT_EQ(send("10.0.0.2:9999", "198.51.100.7:53"), drop("drop_ports_exhausted"));
}

TEST_F(Mapping, PortsOfTheRoutersSocketsAreNotGivenOut) {
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(4000);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    send("10.0.0.2:4000", "198.51.100.7:53");
    EXPECT_NE(external_of("10.0.0.2:4000", "198.51.100.7:53"), "203.0.113.1:4000");
    EXPECT_EQ(ports_in_use(), 1u) << "that one was given back";
    EXPECT_EQ(receive("198.51.100.7:53", "203.0.113.1:4000"), to_stack("to_stack_unsolicited"));
}

TEST_F(Mapping, AnotherPortWhereConntrackHasASessionAlready) {
    creator().create({.protocol = IPPROTO_UDP,
                      .source = endpoint_of("203.0.113.1:4000"),
                      .destination = endpoint_of("198.51.100.7:53")});
    EXPECT_EQ(send("10.0.0.2:4000", "198.51.100.7:53"),
              to_stack("session_created", "mapping_created", "port_clash"));
    EXPECT_EQ(ports_in_use(), 1u);
}

// A mapping has no other port to offer.
TEST_F(Mapping, ClashOfAKnownMappingIsADrop) {
    send("10.0.0.2:4000", "198.51.100.7:53");
    creator().create({.protocol = IPPROTO_UDP,
                      .source = endpoint_of("203.0.113.1:4000"),
                      .destination = endpoint_of("198.51.100.8:53")});
    EXPECT_EQ(send("10.0.0.2:4000", "198.51.100.8:53"), drop("drop_session_clash", "port_clash"));
}

// Sent to the port before anybody had it: the stack has an entry as if to the router itself.
TEST_F(Mapping, WhatCameBeforeTheMappingDoesNotBlockIt) {
    const auto stray = [&] {
        creator().create({.protocol = IPPROTO_UDP,
                          .source = endpoint_of("198.51.100.7:99"),
                          .destination = endpoint_of("203.0.113.1:4000")});
    };
    stray();
    EXPECT_EQ(receive("198.51.100.7:99", "203.0.113.1:4000"), to_stack("session_hit"));
    send("10.0.0.2:4000", "198.51.100.7:53");
    EXPECT_EQ(send("10.0.0.2:4000", "198.51.100.7:99"), to_stack("session_created"));
    EXPECT_EQ(external_of("10.0.0.2:4000", "198.51.100.7:99"), "203.0.113.1:4000");
    forget_sessions();
    stray();
    EXPECT_EQ(receive("198.51.100.7:99", "203.0.113.1:4000"),
              to_stack("session_restarted_untranslated", "session_created_inbound"));
    EXPECT_EQ(only_session().reply_source.text(), "10.0.0.2:4000");
}

TEST_F(Mapping, OverloadsOnlyWhenAskedTo) {
    set_pool({{external_address, {{40000, 40000}}}});
    send("10.0.0.2:4000", "198.51.100.7:53");
    EXPECT_EQ(send("10.0.0.3:4000", "198.51.100.8:53"), drop("drop_ports_exhausted"));
    ctgate_settings settings = default_settings();
    settings.overload_when_full = 1;
    set_settings(settings);
    EXPECT_EQ(send("10.0.0.3:4000", "198.51.100.8:53"), to_stack("session_created"));
    EXPECT_EQ(external_of("10.0.0.3:4000", "198.51.100.8:53"), "203.0.113.1:40000");
    EXPECT_EQ(send("10.0.0.3:4001", "198.51.100.8:53"), drop("drop_ports_exhausted", "port_clash"))
        << "not towards the same remote endpoint";
}

TEST_F(Mapping, RangeThatShrinksGivesAnotherPort) {
    send("10.0.0.2:4000", "198.51.100.7:53");
    set_pool({{external_address, {{50000, 50000}}}});
    send("10.0.0.2:4000", "198.51.100.8:53");
    EXPECT_EQ(external_of("10.0.0.2:4000", "198.51.100.8:53"), "203.0.113.1:50000");
    EXPECT_EQ(send("10.0.0.2:4000", "198.51.100.7:53"), to_stack("session_hit"));
}

TEST_F(Mapping, AddressThatGoesTakesItsMappingsAlong) {
    send("10.0.0.2:4000", "198.51.100.7:53");
    set_pool({{"203.0.113.9"}});
    set_role("203.0.113.9", CTGATE_ADDRESS_EXTERNAL);
    send("10.0.0.2:4000", "198.51.100.8:53");
    EXPECT_EQ(external_of("10.0.0.2:4000", "198.51.100.8:53"), "203.0.113.9:4000");
}

// RFC 6888 REQ-4.
TEST_F(Mapping, QuotaOfPortsIsPerHost) {
    ctgate_settings settings = default_settings();
    settings.max_ports_per_host = 2;
    set_settings(settings);
    EXPECT_FALSE(send("10.0.0.2:4000", "198.51.100.7:53").dropped);
    EXPECT_FALSE(send("10.0.0.2:4001", "198.51.100.7:53").dropped);
    EXPECT_EQ(send("10.0.0.2:4002", "198.51.100.7:53"), drop("drop_port_quota"));
    EXPECT_EQ(send("10.0.0.2:4001", "198.51.100.8:53"), to_stack("session_created"));
    EXPECT_FALSE(send("10.0.0.3:4002", "198.51.100.7:53").dropped) << "another host";
    EXPECT_FALSE(send("10.0.0.2:4002", "198.51.100.7:53", IPPROTO_TCP).dropped);
    EXPECT_EQ(ports_in_use(), 3u);
}

TEST_F(Mapping, QuotaComesBackWithTheAddress) {
    ctgate_settings settings = default_settings();
    settings.max_ports_per_host = 1;
    set_settings(settings);
    send("10.0.0.2:4000", "198.51.100.7:53");
    set_pool({{"203.0.113.9"}});
    EXPECT_FALSE(send("10.0.0.2:4001", "198.51.100.7:53").dropped);
}

// RFC 6888 REQ-4-C.
TEST_F(Mapping, RateOfNewSessionsIsPerHost) {
    ctgate_settings settings = default_settings();
    settings.max_new_per_second = 5;
    set_settings(settings);
    unsigned created = 0;
    for (unsigned port = 4000; port < 4040; port++) {
        created += send("10.0.0.2:" + std::to_string(port), "198.51.100.7:53").dropped ? 0 : 1;
    }
    EXPECT_GE(created, 5u);
    EXPECT_LE(created, 10u) << "the second may have ended meanwhile";
    EXPECT_EQ(counter("drop_session_rate"), 40 - created);
    EXPECT_EQ(send("10.0.0.2:4000", "198.51.100.7:53"), to_stack("session_hit"));
    EXPECT_FALSE(send("10.0.0.3:4000", "198.51.100.7:53").dropped) << "another host";
}

// RFC 5508 REQ-8; our table answers to the mark. Once a second.
TEST_F(Mapping, RefusalIsTold) {
    ctgate_settings settings = default_settings();
    settings.refusal_icmp = 1;
    settings.max_ports_per_host = 1;
    set_settings(settings);
    send("10.0.0.2:4000", "198.51.100.7:53");
    unsigned told = 0;
    for (int i = 0; i < 5; i++) {
        told += send("10.0.0.2:4001", "198.51.100.7:53").dropped ? 0 : 1;
    }
    EXPECT_GE(told, 1u);
    EXPECT_LE(told, 2u);
    EXPECT_EQ(counter("drop_port_quota"), 5u);
}

// RFC 6888 REQ-8: a port may not be given out again at once, unless filtering asks for the remote
// address, or it is TCP. (Here 4 seconds stand for 120.)
TEST_F(Mapping, FreedPortRests) {
    EXPECT_EQ(default_settings().rest, 120u);
    set_pool({{external_address, {{40000, 40000}}}});
    set_timeouts(1, 1, 1, 4);
    set_behaviour("10.0.0.2/32", CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ENDPOINT_INDEPENDENT);
    send("10.0.0.2:4000", "198.51.100.7:53");
    send("10.0.0.2:4000", "198.51.100.7:53", IPPROTO_TCP);
    EXPECT_TRUE(within(10s, [&] { return slot(40000).state == CTGATE_PORT_RESTING; }));
    const unsigned until = slot(40000).mapped_until;
    EXPECT_TRUE(within(10s, [&] { return ports_in_use(IPPROTO_TCP) == 0; }));
    EXPECT_EQ(ports_in_use(), 1u);
    EXPECT_EQ(send("10.0.0.3:4000", "198.51.100.7:53"), drop("drop_ports_exhausted"));
    EXPECT_TRUE(within(10s, [&] { return ports_in_use() == 0; }));
    EXPECT_GT(coarse_seconds(), until);
    EXPECT_FALSE(send("10.0.0.3:4000", "198.51.100.8:53").dropped);
}

TEST_F(Mapping, FreedPortNeedNotRestWhereFilteringAsksForTheRemoteAddress) {
    set_pool({{external_address, {{40000, 40000}}}});
    set_timeouts(1, 1, 1, 3600);
    send("10.0.0.2:4000", "198.51.100.7:53");
    EXPECT_TRUE(within(10s, [&] { return ports_in_use() == 0; }));
    EXPECT_FALSE(send("10.0.0.3:4000", "198.51.100.8:53").dropped);
}

TEST_F(Mapping, EndsWhenItsTimeIsOver) {
    set_timeouts(1, 1, 1);
    send("10.0.0.2:4000", "198.51.100.7:53");
    send("10.0.0.2:4000", "198.51.100.7:53", IPPROTO_TCP);
    EXPECT_EQ(ports_in_use(), 1u);
    EXPECT_TRUE(within(10s, [&] { return ports_in_use(IPPROTO_UDP) == 0; }));
    EXPECT_TRUE(within(10s, [&] { return ports_in_use(IPPROTO_TCP) == 0; }));
    EXPECT_EQ(counter("mapping_ended"), 2u);
    forget_sessions();
    EXPECT_EQ(send("10.0.0.2:4000", "198.51.100.7:53"),
              to_stack("session_created", "mapping_created", "port_preserved"));
}

// RFC 4787 REQ-6.
TEST_F(Mapping, OutboundRefreshesAndInboundKeepsThePort) {
    send("10.0.0.2:4000", "198.51.100.7:53");
    conntrack::update([](const Session&) {
        return conntrack::Change{conntrack::Action::set_mark, CTGATE_ACCEPTED_MARK,
                                 CTGATE_ACCEPTED_MARK};
    });
    const ctgate_port_slot before = slot(4000);
    ctgate_settings settings = default_settings();
    settings.udp_timeout += 100;
    set_settings(settings);
    EXPECT_EQ(receive("198.51.100.7:53", "203.0.113.1:4000"), to_stack("session_hit"));
    EXPECT_EQ(slot(4000).mapped_until, before.mapped_until);
    EXPECT_GE(slot(4000).held_until, before.held_until + 100);
    settings.inbound_refresh = 1;
    set_settings(settings);
    EXPECT_EQ(receive("198.51.100.7:53", "203.0.113.1:4000"), to_stack("session_hit"));
    EXPECT_GE(slot(4000).mapped_until, before.mapped_until + 100);
    settings.udp_timeout += 100;
    set_settings(settings);
    EXPECT_EQ(send("10.0.0.2:4000", "198.51.100.7:53"), to_stack("session_hit"));
    EXPECT_GE(slot(4000).mapped_until, before.mapped_until + 200);
}

}  // namespace
}  // namespace ctgate

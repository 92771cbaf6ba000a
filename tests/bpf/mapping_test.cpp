// SPDX-License-Identifier: GPL-2.0-only
// Endpoint-independent mapping (RFC 4787 REQ-1, RFC 5382 REQ-1), the ports it takes and gives
// back, and what filtering lets in (RFC 4787 REQ-8), for every combination of both.
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include "bpf/dataplane_fixture.hpp"

namespace ctgate {
namespace {

using namespace std::chrono_literals;

constexpr const char* external_address = "203.0.113.1";

class Mapping : public DataplaneTest {
  protected:
    Fate send(const std::string& from, const std::string& to, std::uint8_t protocol = IPPROTO_UDP) {
        const Endpoint source = endpoint_of(from);
        const Endpoint destination = endpoint_of(to);
        const IPv4 ip{.source = source.address.text(), .destination = destination.address.text()};
        return protocol == IPPROTO_UDP ? from_inside(ip / UDP{.source_port = source.port,
                                                              .destination_port = destination.port})
                                       : from_inside(ip / TCP{.source_port = source.port,
                                                              .destination_port = destination.port,
                                                              .flags = SYN});
    }

    Fate receive(const std::string& from, const std::string& to,
                 std::uint8_t protocol = IPPROTO_UDP, std::uint8_t flags = SYN) {
        const Endpoint source = endpoint_of(from);
        const Endpoint destination = endpoint_of(to);
        const IPv4 ip{.source = source.address.text(), .destination = destination.address.text()};
        return protocol == IPPROTO_UDP
                   ? from_outside(
                         ip / UDP{.source_port = source.port, .destination_port = destination.port})
                   : from_outside(ip / TCP{.source_port = source.port,
                                           .destination_port = destination.port,
                                           .flags = flags});
    }

    // The external endpoint of the session between these two.
    static std::string external_of(const std::string& from, const std::string& to) {
        for (const Session& session : sessions()) {
            if (session.source.text() == from && session.destination.text() == to) {
                return session.reply_destination.text();
            }
        }
        ADD_FAILURE() << "no session from " << from << " to " << to;
        return "";
    }

    std::size_t ports_in_use(std::uint8_t protocol = IPPROTO_UDP) {
        return ports(external_address, protocol).used().count();
    }

    ctgate_port_slot slot(std::uint16_t port, std::uint8_t protocol = IPPROTO_UDP) {
        return ports(external_address, protocol).slot(port);
    }

    // For things that the timer of the ports does.
    static bool within(std::chrono::seconds limit, const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) {
                return false;
            }
            std::this_thread::sleep_for(20ms);
        }
        return true;
    }

    // Of 10.0.0.2:PORT, which has no session to tell it.
    unsigned mapped_port(const std::string& port, std::uint8_t protocol) {
        const Endpoint internal = endpoint_of("10.0.0.2:" + port);
        const PortMemory memory = ports(external_address, protocol);
        const Ports used = memory.used();
        for (unsigned number = 0; number < CTGATE_PORTS; number++) {
            const ctgate_port_slot& each = memory.slot(static_cast<std::uint16_t>(number));
            if (used[number] && each.internal.words[0] == internal.address.v4 &&
                ntohs(each.internal_port) == internal.port) {
                return number;
            }
        }
        ADD_FAILURE() << "no mapping of " << internal.text();
        return 0;
    }

    static void forget_sessions() {
        conntrack::update(
            [](const Session&) { return conntrack::Change{.action = conntrack::Action::erase}; });
    }

    static void set_timeouts(unsigned udp, unsigned established, unsigned transitory,
                             unsigned rest = 0) {
        ctgate_settings settings = default_settings();
        settings.udp_timeout = udp;
        settings.tcp_established_timeout = established;
        settings.tcp_transitory_timeout = transitory;
        settings.rest = rest;
        set_settings(settings);
    }
};

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

class TcpMapping : public Mapping {
  protected:
    void establish(const char* remote) {
        send("10.0.0.2:4000", remote, IPPROTO_TCP);
        set_tcp_state({.protocol = IPPROTO_TCP,
                       .source = endpoint_of("10.0.0.2:4000"),
                       .destination = endpoint_of(remote)},
                      TCP_CONNTRACK_ESTABLISHED);
        send_flags(remote, ACK);
    }

    void send_flags(const char* remote, std::uint8_t flags) {
        const Endpoint destination = endpoint_of(remote);
        from_inside(IPv4{.destination = destination.address.text()} /
                    TCP{.source_port = 4000, .destination_port = destination.port, .flags = flags});
    }

    // Seconds that the mapping has, and those that it has at most.
    unsigned left() {
        const ctgate_port_slot now = slot(4000, IPPROTO_TCP);
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return std::max(now.mapped_until, now.held_until) - static_cast<unsigned>(time.tv_sec);
    }
};

TEST_F(TcpMapping, IsTransitoryUntilEstablishedAndAfterItsLastSessionHasClosed) {
    send("10.0.0.2:4000", "198.51.100.7:80", IPPROTO_TCP);
    EXPECT_LE(left(), CTGATE_TCP_TRANSITORY_TIMEOUT);
    forget_sessions();
    establish("198.51.100.8:80");
    EXPECT_GT(left(), CTGATE_TCP_ESTABLISHED_TIMEOUT - 10);
    establish("198.51.100.9:80");
    EXPECT_EQ(slot(4000, IPPROTO_TCP).sessions, 3u);
    send_flags("198.51.100.8:80", FIN | ACK);
    EXPECT_GT(left(), CTGATE_TCP_ESTABLISHED_TIMEOUT - 10) << "others are open";
    send_flags("198.51.100.9:80", RST);
    EXPECT_EQ(slot(4000, IPPROTO_TCP).sessions, 1u);
    establish("198.51.100.7:80");
    send_flags("198.51.100.7:80", FIN | ACK);
    EXPECT_EQ(slot(4000, IPPROTO_TCP).sessions, 1u) << "the one that was forgotten";
}

// RFC 7857 section 8.
TEST_F(TcpMapping, IsNotProlongedByItsEnd) {
    send("10.0.0.2:4000", "198.51.100.8:80", IPPROTO_TCP);
    ctgate_settings settings = default_settings();
    settings.tcp_transitory_timeout += 1000;
    set_settings(settings);
    send_flags("198.51.100.8:80", RST);
    EXPECT_LE(left(), CTGATE_TCP_TRANSITORY_TIMEOUT);
}

TEST_F(TcpMapping, HairpinnedSessionClosesAtBothEnds) {
    set_behaviour("10.0.0.3/32", CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ENDPOINT_INDEPENDENT);
    send("10.0.0.3:5000", "198.51.100.7:80", IPPROTO_TCP);
    establish("203.0.113.1:5000");
    EXPECT_EQ(slot(5000, IPPROTO_TCP).sessions, 2u);
    send_flags("203.0.113.1:5000", FIN | ACK);
    EXPECT_EQ(slot(5000, IPPROTO_TCP).sessions, 1u);
    EXPECT_EQ(slot(4000, IPPROTO_TCP).sessions, 0u);
}

TEST_F(TcpMapping, IsTransitoryAfterItsOnlySessionHasClosed) {
    establish("198.51.100.8:80");
    send_flags("198.51.100.8:80", FIN | ACK);
    EXPECT_LE(left(), CTGATE_TCP_TRANSITORY_TIMEOUT);
    EXPECT_GE(left(), CTGATE_TCP_TRANSITORY_TIMEOUT - 10u);
}

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

TEST_F(Mapping, OnlyASynOpensFromOutside) {
    set_behaviour("10.0.0.2/32", CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ENDPOINT_INDEPENDENT);
    send("10.0.0.2:4000", "198.51.100.7:53", IPPROTO_TCP);
    EXPECT_EQ(receive("198.51.100.8:53", "203.0.113.1:4000", IPPROTO_TCP, ACK),
              to_stack("to_stack_unsolicited"));
    EXPECT_EQ(receive("198.51.100.8:53", "203.0.113.1:4000", IPPROTO_TCP, SYN),
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

// SPDX-License-Identifier: GPL-2.0-only
// Which external endpoint a new session gets.
#include <algorithm>
#include <set>
#include <string>

#include "bpf/dataplane_fixture.hpp"
#include "ctgate/pairing.h"

namespace ctgate {
namespace {

class Allocate : public DataplaneTest {
  protected:
    // A new session from that host and port; its external endpoint.
    Endpoint external_of(const std::string& host, std::uint16_t port,
                         const std::string& remote = "198.51.100.7") {
        const Fate fate =
            from_inside(IPv4{.source = host, .destination = remote} / UDP{.source_port = port});
        EXPECT_FALSE(fate.dropped) << fate;
        EXPECT_EQ(fate.counted.count("session_created"), 1u) << fate;
        for (const Session& session : sessions()) {
            if (session.source.address.text() == host && session.source.port == port &&
                session.destination.address.text() == remote) {
                return session.reply_destination;
            }
        }
        ADD_FAILURE() << "no session";
        return {};
    }

    std::uint16_t port_of(const std::string& host, std::uint16_t port,
                          const std::string& remote = "198.51.100.7") {
        return external_of(host, port, remote).port;
    }
};

TEST_F(Allocate, InternalPortIsKept) {
    for (const std::uint16_t port : {1024, 1025, 40000, 65535}) {
        EXPECT_EQ(port_of("10.0.0.2", port), port);
    }
    EXPECT_EQ(counter("port_preserved"), 4u);
    EXPECT_EQ(counter("port_clash"), 0u);
}

TEST_F(Allocate, PortOutsideTheRangesGetsOneWithin) {
    set_pool({{"203.0.113.1", {{2000, 2009}, {3000, 3000}}}});
    for (const std::uint16_t port : {1, 1023, 1999, 2010, 2999, 3001, 65535}) {
        const std::uint16_t external = port_of("10.0.0.2", port);
        EXPECT_TRUE((external >= 2000 && external <= 2009) || external == 3000) << external;
    }
    EXPECT_EQ(counter("port_preserved"), 0u);
}

TEST_F(Allocate, SourcePortZeroGetsAnother) {
    EXPECT_GE(port_of("10.0.0.2", 0), CTGATE_PORT_LOW);
}

// Address-and-port-dependent mapping: the port may be anybody's towards another remote endpoint.
class AllocateShared : public Allocate {
  protected:
    AllocateShared() {
        set_behaviour("10.0.0.0/8", CTGATE_ADDRESS_AND_PORT_DEPENDENT,
                      CTGATE_ADDRESS_AND_PORT_DEPENDENT);
    }
};

TEST_F(AllocateShared, SamePortAndRemoteOfTwoHostsAreToldApart) {
    EXPECT_EQ(port_of("10.0.0.2", 40000), 40000);
    EXPECT_NE(port_of("10.0.0.3", 40000), 40000);
    EXPECT_EQ(counter("port_clash"), 1u);
    EXPECT_EQ(sessions().size(), 2u);
}

TEST_F(AllocateShared, SamePortTowardsAnotherRemoteIsShared) {
    EXPECT_EQ(port_of("10.0.0.2", 40000, "198.51.100.7"), 40000);
    EXPECT_EQ(port_of("10.0.0.3", 40000, "198.51.100.8"), 40000);
}

TEST_F(Allocate, StartsAtRandomPorts) {
    set_pool({{"203.0.113.1", {{1024, 65534}}}});
    std::set<std::uint16_t> ports;
    for (int i = 0; i < 8; i++) {
        ports.insert(port_of("10.0.0." + std::to_string(10 + i), 65535));
    }
    EXPECT_EQ(ports.size(), 8u);
    EXPECT_GT(*ports.rbegin() - *ports.begin(), 100) << "that is no row of neighbours";
}

// A search that began anywhere among all ports would enter such a range at its first word.
TEST_F(Allocate, StartsAtRandomPortsOfANarrowRange) {
    set_pool({{"203.0.113.1", {{6000, 6999}}}});
    std::set<int> words;
    constexpr int hosts = 64;
    for (int i = 0; i < hosts; i++) {
        words.insert(port_of("10.0.0." + std::to_string(10 + i), 65535) / 64);
    }
    EXPECT_GE(words.size(), 10u) << "of 17";
}

// Exact: the last free port is still found, and then no more.
TEST_F(AllocateShared, ExhaustedAfterExactlyAsManySessionsAsPorts) {
    set_pool({{"203.0.113.1", {{40000, 40001}, {50000, 50000}, {60000, 60037}}}});
    constexpr std::uint16_t ports = 41;
    std::set<std::uint16_t> used;
    for (std::uint16_t i = 0; i < ports; i++) {
        used.insert(port_of("10.0.0.2", static_cast<std::uint16_t>(1000 + i)));
    }
    EXPECT_EQ(used.size(), ports);
    EXPECT_EQ(from_inside(IPv4{} / UDP{.source_port = 5000}),
              drop("drop_ports_exhausted", "port_clash"));
    EXPECT_EQ(from_inside(IPv4{} / UDP{.source_port = 40000}),
              drop("drop_ports_exhausted", "port_clash"))
        << "the internal port is taken as well";
    EXPECT_EQ(sessions().size(), ports);
    EXPECT_EQ(from_inside(IPv4{} / UDP{.source_port = 1000}), to_stack("session_hit"))
        << "those that have a port keep it";
    port_of("10.0.0.2", 5000, "198.51.100.8");
    EXPECT_EQ(from_inside(IPv4{} / TCP{.source_port = 5000, .destination_port = 53}),
              to_stack("session_created"))
        << "TCP has ports of its own";
}

// Kept ports lie side by side.
TEST_F(Allocate, LongRowOfTakenPortsDoesNotExhaust) {
    set_pool({{"203.0.113.1", {{10000, 10999}}}});
    for (std::uint16_t port = 10000; port < 10800; port++) {
        from_inside(IPv4{} / UDP{.source_port = port});
    }
    EXPECT_EQ(counter("port_preserved"), 800u);
    for (std::uint16_t port = 1; port <= 20; port++) {
        EXPECT_GE(port_of("10.0.0.3", port), 10800);
    }
}

// More ports than are tried for one session: then a drop is no proof, but it is bounded.
TEST_F(AllocateShared, SearchIsBounded) {
    set_pool({{"203.0.113.1", {{10000, 10000 + 2 * CTGATE_MAX_PORT_TRIES - 1}}}});
    std::uint64_t before = 0;
    Fate fate;
    for (std::uint16_t port = 1; !fate.dropped && port < 1000; port++) {
        before = counter("port_clash");
        fate = from_inside(IPv4{} / UDP{.source_port = port});
    }
    EXPECT_EQ(fate, drop("drop_ports_exhausted", "port_clash"));
    EXPECT_EQ(counter("port_clash") - before, CTGATE_MAX_PORT_TRIES);
}

TEST_F(Allocate, EveryPortOfTheLargestRangeIsOffered) {
    set_pool({{"203.0.113.1", {{65535, 65535}}}});
    EXPECT_EQ(port_of("10.0.0.2", 1), 65535);
    set_pool({{"203.0.113.1", {{1, 1}}}});
    EXPECT_EQ(port_of("10.0.0.2", 2), 1);
}

TEST_F(Allocate, AHostAlwaysHasTheSameAddress) {
    std::vector<PoolAddress> pool;
    pool.reserve(CTGATE_MAX_EXTERNAL_ADDRESSES);
    for (int i = 0; i < CTGATE_MAX_EXTERNAL_ADDRESSES; i++) {
        pool.push_back({"203.0.113." + std::to_string(1 + i)});
    }
    for (const std::uint32_t count : {2U, 3U, 32U}) {
        set_pool({pool.begin(), pool.begin() + static_cast<std::ptrdiff_t>(count)});
        const std::string network = "10.0." + std::to_string(count) + ".";
        for (int host = 2; host < 40; host++) {
            for (const int thousand : {2000, 3000}) {
                from_inside(IPv4{.source = network + std::to_string(host)} /
                            UDP{.source_port = static_cast<std::uint16_t>(thousand + host)});
            }
        }
        std::map<std::string, int> used;
        for (const Session& session : sessions()) {
            const std::string host = session.source.address.text();
            if (host.rfind(network, 0) == 0) {
                const std::uint32_t index = ctgate_pair(packet::address(host).data(), count);
                const std::string external = session.reply_destination.address.text();
                EXPECT_EQ(external, pool.at(index).address) << host;
                used[external]++;
            }
        }
        EXPECT_GE(used.size(), std::min(count, 10U));
        EXPECT_EQ(counter("session_created") % 76, 0u);
    }
}

TEST_F(Allocate, EachAddressHasItsOwnRanges) {
    set_pool({{"203.0.113.1", {{2000, 2999}}}, {"203.0.113.2", {{5000, 5999}}}});
    for (int host = 2; host < 20; host++) {
        const Endpoint external = external_of("10.0.0." + std::to_string(host), 40000);
        const int thousand = external.address.text() == "203.0.113.1" ? 2 : 5;
        EXPECT_EQ(external.port / 1000, thousand) << external.text();
    }
}

TEST_F(Allocate, WithoutExternalAddressNewSessionsAreDropped) {
    set_pool({});
    EXPECT_EQ(from_inside(IPv4{} / UDP{}), drop("drop_no_external_address"));
    EXPECT_EQ(from_inside(IPv4{} / TCP{}), drop("drop_no_external_address"));
    EXPECT_EQ(from_inside(IPv4{} / TCP{.flags = ACK}), to_stack("to_stack_tcp_no_syn"));
    set_pool({{"203.0.113.1", {}}});
    EXPECT_EQ(from_inside(IPv4{} / UDP{}), drop("drop_ports_exhausted"));
    EXPECT_TRUE(sessions().empty());
}

// Such an entry would still make conntrack refuse the new one.
TEST_F(Allocate, ExpiredEntriesDoNotBlock) {
    set_pool({{"203.0.113.1", {{40000, 40000}}}});
    NewEntry expired{.protocol = IPPROTO_UDP,
                     .source = endpoint_of("10.0.0.9:1234"),
                     .destination = endpoint_of("198.51.100.7:53"),
                     .translated_source = endpoint_of("203.0.113.1:40000"),
                     .timeout_ms = 0};
    creator().create(expired);
    EXPECT_EQ(from_inside(IPv4{} / UDP{}),
              to_stack("session_created", "mapping_created", "port_preserved"));
    EXPECT_EQ(only_session().source.text(), "10.0.0.2:40000");
}

TEST_F(Allocate, AnExpiredEntryOfTheSameSessionDoesNotBlock) {
    creator().create({.protocol = IPPROTO_UDP,
                      .source = endpoint_of("10.0.0.2:40000"),
                      .destination = endpoint_of("198.51.100.7:53"),
                      .translated_source = endpoint_of("203.0.113.1:50000"),
                      .timeout_ms = 0});
    EXPECT_EQ(from_inside(IPv4{} / UDP{}),
              to_stack("session_created", "mapping_created", "port_preserved"));
    EXPECT_EQ(only_session().reply_destination.text(), "203.0.113.1:40000");
}

// Of the router itself, which uses the external address too.
TEST_F(Allocate, PortsOfTheRoutersOwnSessionsAreTaken) {
    creator().create({.protocol = IPPROTO_UDP,
                      .source = endpoint_of("203.0.113.1:40000"),
                      .destination = endpoint_of("198.51.100.7:53")});
    EXPECT_NE(port_of("10.0.0.2", 40000), 40000);
}

}  // namespace
}  // namespace ctgate

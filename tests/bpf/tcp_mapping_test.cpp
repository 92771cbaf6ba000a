// SPDX-License-Identifier: GPL-2.0-only
// How long a mapping of TCP lives (RFC 5382 REQ-5, RFC 7857 sections 2 and 8).
#include <linux/netfilter/nf_conntrack_tcp.h>

#include "bpf/mapping_fixture.hpp"

namespace ctgate {
namespace {

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

// Who is outside may send as many ends as he likes, also those that conntrack does not follow.
TEST_F(TcpMapping, EndsFromOutsideDoNotEndWhatOtherSessionsNeed) {
    establish("198.51.100.8:80");
    establish("198.51.100.9:80");
    for (const int flags : {RST + 0, FIN | ACK, RST + 0}) {
        from_outside(IPv4{.source = "198.51.100.9", .destination = "203.0.113.1"} /
                     TCP{.source_port = 80,
                         .destination_port = 4000,
                         .flags = static_cast<std::uint8_t>(flags)});
    }
    EXPECT_EQ(slot(4000, IPPROTO_TCP).sessions, 2u);
    EXPECT_GT(left(), CTGATE_TCP_ESTABLISHED_TIMEOUT - 10);
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

}  // namespace
}  // namespace ctgate

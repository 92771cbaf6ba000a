// SPDX-License-Identifier: GPL-2.0-only
// Established sessions go past the stack: the very bytes, and what must not.
#include <linux/pkt_sched.h>

#include "bpf/short_path_fixture.hpp"

namespace ctgate {
namespace {

INSTANTIATE_TEST_SUITE_P(Protocols, ShortPath, testing::Values(IPPROTO_UDP, IPPROTO_TCP),
                         [](const auto& each) {
                             return each.param == IPPROTO_UDP ? "udp" : "tcp";
                         });

TEST_P(ShortPath, OutboundPacketIsTranslated) {
    establish(entry());
    for (const Fate& fate : {first(), short_path(), short_path()}) {
        EXPECT_EQ(from_inside(from_client()), fate);
        EXPECT_EQ(forwarded(), to_server(from_client()).bytes());
    }
}

TEST_P(ShortPath, InboundPacketIsTranslated) {
    establish(entry());
    for (const Fate& fate : {first(), short_path()}) {
        EXPECT_EQ(from_outside(from_server()), fate);
        EXPECT_EQ(forwarded(), to_client(from_server()).bytes());
    }
}

TEST_P(ShortPath, PreservedPort) {
    establish(entry(40000));
    EXPECT_EQ(from_inside(from_client()), first());
    EXPECT_EQ(forwarded(), to_server(from_client(), 40000).bytes());
    EXPECT_EQ(from_outside(from_server(40000)), first());
    EXPECT_EQ(forwarded(), to_client(from_server(40000)).bytes());
}

TEST_P(ShortPath, TimeToLiveAndServiceAreThoseOfThePacket) {
    establish(entry());
    for (const IPv4& ip : {IPv4{.ttl = 2}, IPv4{.ttl = 255, .tos = 0xb8}, IPv4{.id = 0}}) {
        EXPECT_TRUE(from_inside(from_client(ip)).forwarded);
        EXPECT_EQ(forwarded(), to_server(from_client(ip)).bytes());
    }
}

TEST_P(ShortPath, IsSealedForTheProgramAtEgress) {
    establish(entry());
    const auto* seal = gateway_programs()->rodata->short_path_seal;
    for (int i = 0; i < 2; i++) {
        EXPECT_TRUE(from_inside(from_client()).forwarded);
        EXPECT_EQ(forwarded_seal(), (std::array<unsigned, 2>{seal[0], seal[1]}));
    }
}

// As ip_forward() does.
TEST_P(ShortPath, PriorityIsThatOfTheService) {
    establish(entry());
    const std::map<std::uint8_t, unsigned> expected = {
        {0, TC_PRIO_BESTEFFORT},          {0x08, TC_PRIO_BULK},
        {0x10, TC_PRIO_INTERACTIVE},      {0x18, TC_PRIO_INTERACTIVE_BULK},
        {0xb8, TC_PRIO_INTERACTIVE_BULK}, {0x03, TC_PRIO_BESTEFFORT}};
    for (const auto& [tos, priority] : expected) {
        EXPECT_TRUE(from_inside(from_client({.tos = tos})).forwarded);
        EXPECT_EQ(forwarded_priority(), priority) << unsigned{tos};
    }
}

TEST_P(ShortPath, ForwardedSession) {
    NewEntry session = {.protocol = GetParam(),
                        .source = endpoint_of("198.51.100.7:80"),
                        .destination = endpoint_of("203.0.113.1:40001"),
                        .translated_destination = endpoint_of("10.0.0.2:40000"),
                        .mark = CTGATE_ACCEPTED_MARK,
                        .status = IPS_SEEN_REPLY};
    establish(session);
    EXPECT_EQ(from_outside(from_server()), first());
    EXPECT_EQ(forwarded(), to_client(from_server()).bytes());
    EXPECT_EQ(from_inside(from_client()), first());
    EXPECT_EQ(forwarded(), to_server(from_client()).bytes());
}

TEST_P(ShortPath, NotBeforeTheSessionIsEstablishedAndAccepted) {
    NewEntry unaccepted = entry();
    unaccepted.mark = 0;
    unaccepted.status = 0;
    NewEntry unanswered = entry();
    unanswered.status = 0;
    std::uint16_t port = 41000;
    for (NewEntry each : {unaccepted, unanswered}) {
        each.source.port = ++port;
        each.translated_source->port = port;
        establish(each);
        EXPECT_EQ(from_inside(packet({}, port, 80, ACK)), to_stack("session_hit"));
    }
    EXPECT_THAT(records(), testing::IsEmpty());
}

TEST_P(ShortPath, Off) {
    ctgate_settings settings = default_settings();
    settings.short_path = 0;
    set_settings(settings);
    establish(entry());
    EXPECT_EQ(from_inside(from_client()), to_stack("session_hit"));
    EXPECT_EQ(from_outside(from_server()), to_stack("session_hit"));
}

TEST_P(ShortPath, WhatTheStackMayHaveToAnswerIsItsOwn) {
    establish(entry());
    const IPv4 dying{.ttl = 1};
    const IPv4 dead{.ttl = 0};
    const IPv4 options{.options = {1, 1, 1, 1}};
    const IPv4 fragment{.fragment = 0x2000};
    for (const IPv4& ip : {dying, dead, options, fragment}) {
        EXPECT_EQ(from_inside(from_client(ip)), to_stack("session_hit")) << "without a record";
    }
    EXPECT_EQ(from_inside(from_client()), first());
    for (const IPv4& ip : {dying, dead, options, fragment}) {
        EXPECT_EQ(from_inside(from_client(ip)), to_stack("session_hit")) << "with one";
    }
    EXPECT_EQ(from_inside(from_client()), short_path()) << "which stays";
}

TEST_P(ShortPath, WhatDoesNotFitTheRouteIsTheStacks) {
    establish(entry());
    EXPECT_EQ(from_inside(from_client()), first());
    Packet fits = from_client();
    fits.payload = std::string(GetParam() == IPPROTO_UDP ? 1472 : 1460, 'x');
    Packet too_long = fits;
    too_long.payload += 'x';
    EXPECT_EQ(from_inside(fits), short_path());
    EXPECT_EQ(forwarded(), to_server(fits).bytes());
    EXPECT_EQ(from_inside(too_long), to_stack("session_hit"));
}

TEST_P(ShortPath, SuperPacketsFitByTheirSegments) {
    establish(entry());
    EXPECT_EQ(from_inside(from_client()), first());
    Packet large = from_client();
    large.payload = std::string(3000, 'x');
    const unsigned fits = GetParam() == IPPROTO_UDP ? 1472 : 1460;
    EXPECT_EQ(from_inside(large, fits), short_path());
    EXPECT_EQ(forwarded(), to_server(large).bytes());
    EXPECT_EQ(from_inside(large, fits + 1), to_stack("session_hit"));
}

TEST_P(ShortPath, WithoutANeighbourTheStackAsksForIt) {
    NewEntry session = entry();
    session.source = endpoint_of("10.0.0.3:40000");
    establish(session);
    EXPECT_EQ(from_outside(from_server()), to_stack("session_hit"));
    add_neighbour(inside_ifindex(), "10.0.0.3", client_mac);
    EXPECT_EQ(from_outside(from_server()), first());
}

TEST_P(ShortPath, DeletedSessionIsObeyed) {
    establish(entry());
    EXPECT_EQ(from_outside(from_server()), first());
    conntrack::update(
        [](const Session&) { return conntrack::Change{.action = conntrack::Action::erase}; });
    EXPECT_EQ(from_outside(from_server()), short_path()) << "trusted for a second";
    make_stale();
    EXPECT_EQ(from_outside(from_server()), to_stack("to_stack_unsolicited"));
}

TEST_P(ShortPath, RouteThatChangedIsObeyed) {
    establish(entry());
    EXPECT_EQ(from_inside(from_client()), first());
    constexpr packet::Mac other = {0x02, 0, 0, 0, 0, 0xfd};
    add_neighbour(outside_ifindex(), "203.0.113.254", other);
    EXPECT_EQ(from_inside(from_client()), short_path());
    EXPECT_EQ(forwarded(), to_server(from_client()).bytes());
    make_stale();
    EXPECT_EQ(from_inside(from_client()), first()) << "another record";
    Packet expected = to_server(from_client());
    expected.ethernet->destination = other;
    EXPECT_EQ(forwarded(), expected.bytes());
}

TEST_P(ShortPath, KeepsTheSessionAlive) {
    NewEntry session = entry();
    session.timeout_ms = 5000;
    establish(session);
    EXPECT_EQ(from_inside(from_client()), first());
    const Session kept = only_session();
    EXPECT_GE(kept.timeout, GetParam() == IPPROTO_UDP ? 299u : 7439u);
    EXPECT_TRUE(kept.status & IPS_ASSURED);
}

TEST_P(ShortPath, RecordCountsItsPackets) {
    establish(entry());
    EXPECT_EQ(from_inside(from_client()), first());
    EXPECT_EQ(from_inside(from_client()), short_path());
    make_stale();
    EXPECT_EQ(from_inside(from_client()), short_path()) << "the same record";
    const auto all = records();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].packets, 3u);
    EXPECT_EQ(all[0].bytes, 3 * from_client().network_bytes().size());
    EXPECT_EQ(all[0].mtu, 1500u);
    EXPECT_EQ(all[0].output, static_cast<unsigned>(outside_ifindex()));
}

// A year and a half without reload, address or route that changed.
TEST_P(ShortPath, ARecordIsFreshHoweverLongAgoAllBecameStale) {
    establish(entry());
    EXPECT_EQ(from_inside(from_client()), first());
    for (const std::uint32_t ago : {0x7fffffffU, 0x80000010U, 0xffff0000U}) {
        ctgate_settings settings = default_settings();
        settings.cache_valid_from = ticks() - ago;
        set_settings(settings);
        EXPECT_EQ(from_inside(from_client()), short_path()) << ago;
    }
}

TEST_P(ShortPath, WhereItArrivesIsPartOfTheSession) {
    establish(entry());
    EXPECT_EQ(from_inside(from_client()), first());
    EXPECT_EQ(from_outside(from_client()), drop("drop_forged_original"));
}

// Past the stack, rp_filter would not be asked.
TEST_P(ShortPath, AReplyFromInsideIsTheStacks) {
    establish(entry());
    EXPECT_EQ(from_inside(from_server()), to_stack("session_hit"));
    EXPECT_TRUE(records().empty());
}

class ShortPathOfTcp : public ShortPath {};
INSTANTIATE_TEST_SUITE_P(Tcp, ShortPathOfTcp, testing::Values(IPPROTO_TCP));

TEST_P(ShortPathOfTcp, FlagsThatChangeTheSessionEndBothRecords) {
    establish(entry());
    for (const unsigned flags : {FIN | ACK, RST + 0, SYN | ACK}) {
        EXPECT_EQ(from_inside(from_client()), first()) << flags;
        EXPECT_EQ(from_outside(from_server()), first()) << flags;
        EXPECT_EQ(from_inside(from_client({}, static_cast<std::uint8_t>(flags))),
                  to_stack("session_hit"));
        EXPECT_THAT(records(), testing::IsEmpty()) << flags;
    }
}

TEST_P(ShortPathOfTcp, OnlyWhileEstablished) {
    const NewEntry session = entry();
    creator().create(session);
    for (const unsigned state :
         {TCP_CONNTRACK_SYN_SENT, TCP_CONNTRACK_SYN_RECV, TCP_CONNTRACK_FIN_WAIT,
          TCP_CONNTRACK_CLOSE_WAIT, TCP_CONNTRACK_LAST_ACK, TCP_CONNTRACK_TIME_WAIT,
          TCP_CONNTRACK_CLOSE}) {
        set_tcp_state(session, static_cast<std::uint8_t>(state));
        EXPECT_EQ(from_inside(from_client()), to_stack("session_hit")) << state;
    }
    set_tcp_state(session, TCP_CONNTRACK_ESTABLISHED);
    EXPECT_EQ(from_inside(from_client()), first());
}

class ShortPathOfUdp : public ShortPath {};
INSTANTIATE_TEST_SUITE_P(Udp, ShortPathOfUdp, testing::Values(IPPROTO_UDP));

// RFC 768: zero is no checksum, and a sum of zero is written as 0xffff.
TEST_P(ShortPathOfUdp, WithoutChecksumItHasNone) {
    establish(entry());
    const auto without = [](Packet packet) {
        std::get<UDP>(packet.transport).checksum = 0;
        return packet;
    };
    EXPECT_EQ(from_inside(without(from_client())), first());
    EXPECT_EQ(forwarded(), without(to_server(from_client())).bytes());
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// What leaves an external interface: nothing with an internal source, whoever failed to translate
// it, and no reset by this machine of a session that it should have translated.
#include <linux/pkt_cls.h>

#include "bpf/counters.hpp"
#include "bpf/dataplane_fixture.hpp"

namespace ctgate {
namespace {

constexpr int from_router = 0;

class Egress : public DataplaneTest {
  protected:
    // A packet about to leave out0 that came in on `ingress`. It must not be changed.
    Fate leaves(Packet packet, int ingress, std::array<unsigned, 2> seal = {}) {
        packet.ethernet = Ethernet{};
        const Bytes frame = packet.bytes();
        const auto before = read_counters();
        const TestRun result =
            run(gateway_programs()->progs.external_egress, {.bytes = frame,
                                                            .ifindex = outside_ifindex(),
                                                            .ingress_ifindex = ingress,
                                                            .seal = seal});
        EXPECT_EQ(result.bytes, frame);
        Fate fate{.dropped = result.verdict == TC_ACT_SHOT, .counted = {}};
        EXPECT_TRUE(fate.dropped || result.verdict == static_cast<unsigned>(TC_ACT_UNSPEC));
        for (const auto& [name, value] : read_counters()) {
            if (value != before.at(name)) {
                fate.counted.insert(name);
            }
        }
        return fate;
    }

    const Fate leak_ = drop("drop_internal_source");
};

TEST_F(Egress, WhatTheShortPathSealedIsNotLookedAtAgain) {
    const auto* seal = gateway_programs()->rodata->short_path_seal;
    const Packet internal = IPv4{} / UDP{};
    EXPECT_EQ(leaves(internal, inside_ifindex(), {seal[0], seal[1]}), to_stack());
    EXPECT_EQ(leaves(internal, inside_ifindex(), {seal[0], seal[1] + 1}), leak_);
    EXPECT_EQ(leaves(internal, inside_ifindex(), {seal[0] + 1, seal[1]}), leak_);
}

TEST_F(Egress, TranslatedPacketsLeave) {
    const IPv4 translated{.source = "203.0.113.1", .destination = "198.51.100.7"};
    EXPECT_EQ(leaves(translated / UDP{}, inside_ifindex()), to_stack());
    EXPECT_EQ(leaves(translated / TCP{.flags = ACK}, inside_ifindex()), to_stack());
}

TEST_F(Egress, UntranslatedPacketsFromInsideDoNot) {
    const IPv4 untranslated{.source = "10.0.0.2", .destination = "198.51.100.7"};
    EXPECT_EQ(leaves(untranslated / UDP{}, inside_ifindex()), leak_);
    EXPECT_EQ(leaves(untranslated / TCP{.flags = ACK}, inside_ifindex()), leak_);
    EXPECT_EQ(leaves(IPv4{.source = "192.0.2.77", .destination = "198.51.100.7"} / UDP{},
                     inside_ifindex()),
              leak_)
        << "any source that is none of ours";
}

TEST_F(Egress, OfTheRoutersOwnOnlyThoseFromInternalAddressesDoNot) {
    const auto from = [](const char* source) {
        return IPv4{.source = source, .destination = "198.51.100.7"} / UDP{};
    };
    EXPECT_EQ(leaves(from("203.0.113.1"), from_router), to_stack());
    EXPECT_EQ(leaves(from("10.0.0.1"), from_router), leak_);
    EXPECT_EQ(leaves(from("192.0.2.77"), from_router), to_stack());
}

TEST_F(Egress, WhatIsRoutedElsewhereBelongsToADeviceThatStandsOnThisOne) {
    const IPv4 inwards{.source = "10.0.0.1", .destination = "10.0.0.2"};
    EXPECT_EQ(leaves(inwards / UDP{}, from_router), to_stack());
    EXPECT_EQ(
        leaves(IPv4{.source = "192.0.2.77", .destination = "10.0.0.2"} / UDP{}, inside_ifindex()),
        to_stack());
}

TEST_F(Egress, OtherInterfacesAreTheOperatorsBusiness) {
    const int other = inside_ifindex() + 100;
    EXPECT_EQ(leaves(IPv4{.source = "172.17.0.2"} / UDP{}, other), to_stack());
}

// As after `nft flush ruleset`, when a reply is delivered to the router itself.
TEST_F(Egress, ATranslatedSessionIsNotReset) {
    creator().create({.protocol = IPPROTO_TCP,
                      .source = endpoint_of("10.0.0.2:40000"),
                      .destination = endpoint_of("198.51.100.7:80"),
                      .translated_source = endpoint_of("203.0.113.1:40000"),
                      .mark = CTGATE_ACCEPTED_MARK});
    const IPv4 ours{.source = "203.0.113.1", .destination = "198.51.100.7"};
    const auto packet = [&](std::uint16_t source_port, std::uint8_t flags) {
        return ours / TCP{.source_port = source_port, .destination_port = 80, .flags = flags};
    };
    EXPECT_EQ(leaves(packet(40000, RST), from_router), drop("drop_own_reset"));
    EXPECT_EQ(leaves(packet(40000, ACK), from_router), to_stack());
    EXPECT_EQ(leaves(packet(40001, RST), from_router), to_stack()) << "a session of its own";
    EXPECT_EQ(leaves(packet(40000, RST), inside_ifindex()), to_stack()) << "the client's reset";
}

// RFC 5382 REQ-4. Such a reset has sequence number 0, and acknowledges the SYN.
TEST_F(Egress, AnUnsolicitedSynIsNotReset) {
    set_pool({{"203.0.113.1", {{40000, 40009}}}});
    const auto answer = [](std::uint16_t port, std::uint32_t sequence, std::uint8_t flags) {
        return IPv4{.source = "203.0.113.1", .destination = "198.51.100.7"} /
               TCP{.source_port = port,
                   .destination_port = 80,
                   .flags = flags,
                   .sequence = sequence,
                   .acknowledgment = 77};
    };
    EXPECT_EQ(leaves(answer(40000, 0, RST | ACK), from_router), drop("drop_early_reset"));
    EXPECT_EQ(leaves(answer(39999, 0, RST | ACK), from_router), to_stack())
        << "a port that no internal endpoint can have";
    EXPECT_EQ(leaves(answer(40000, 5, RST | ACK), from_router), to_stack()) << "a session's end";
    EXPECT_EQ(leaves(answer(40000, 0, RST), from_router), to_stack());
    EXPECT_EQ(leaves(answer(40000, 0, SYN | ACK), from_router), to_stack());
    EXPECT_EQ(leaves(answer(40000, 0, RST | ACK), inside_ifindex()), to_stack());
}

}  // namespace
}  // namespace ctgate

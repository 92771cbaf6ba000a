// SPDX-License-Identifier: GPL-2.0-only
// The text of the nft table; that the kernel takes it and does what it says is shown by the system
// tests.
#include "control/ruleset.hpp"

#include <gmock/gmock.h>

#include "ctgate/counters.h"

namespace ctgate {
namespace {

using testing::HasSubstr;
using testing::Not;

IpAddress address(const char* text) {
    return IpAddress::parse(text).value();
}

Ruleset two_addresses() {
    Ruleset ruleset;
    ruleset.internal = {"lan", "guest.10"};
    ruleset.external = {{"wan",
                         {{address("203.0.113.1"), {{1024, 2047}, {4096, 65535}}},
                          {address("203.0.113.9"), {{5000, 5009}}}}}};
    ruleset.internal_addresses = {address("10.0.0.1")};
    return ruleset;
}

TEST(Ruleset, OneIsMatchedPlainlyAndSeveralAsASet) {
    Ruleset ruleset = two_addresses();
    EXPECT_THAT(
        ruleset.text(),
        HasSubstr(
            "add rule ip ctgate guard iifname { \"guest.10\", \"lan\" } oifname \"wan\" goto"));
    EXPECT_THAT(ruleset.text(),
                HasSubstr("add rule ip ctgate leak ip saddr { 203.0.113.1, 203.0.113.9 } accept"));
    ruleset.external[0].addresses.pop_back();
    EXPECT_THAT(ruleset.text(), HasSubstr("add rule ip ctgate leak ip saddr 203.0.113.1 accept"));
}

TEST(Ruleset, WhatIsEmptyIsNeitherMatchedNorPassed) {
    Ruleset ruleset = two_addresses();
    EXPECT_THAT(ruleset.text(), HasSubstr("delete chain ip ctgate clamp\n"));
    EXPECT_THAT(ruleset.text(), HasSubstr("delete chain ip ctgate destination\n"));
    EXPECT_THAT(ruleset.text(), Not(HasSubstr("rule ip ctgate clamp")));
    EXPECT_THAT(ruleset.text(), Not(HasSubstr("@exempt")));
    ruleset.internal_addresses.clear();
    EXPECT_THAT(ruleset.text(), Not(HasSubstr("ip saddr  ")));
    EXPECT_THAT(ruleset.text(), Not(HasSubstr("rule ip ctgate outside_in")));
    ruleset.clamped = {"wan"};
    ruleset.one_to_one = {{address("203.0.113.7"), address("10.0.0.7")}};
    ruleset.exempt = {{address("10.8.0.0"), 24}, {address("10.0.0.0"), 8}};
    EXPECT_THAT(ruleset.text(), Not(HasSubstr("delete chain")));
    EXPECT_THAT(ruleset.text(),
                HasSubstr("add element ip ctgate exempt { 10.0.0.0/8, 10.8.0.0/24 }\n"));
    EXPECT_THAT(ruleset.text(), HasSubstr("leak ip daddr @exempt accept"));
    EXPECT_THAT(ruleset.text(), HasSubstr("source ip daddr @exempt accept"));
}

TEST(Ruleset, SeveralAddressesAreChosenAsByTheDataplaneWithTheWidestRange) {
    const std::string text = two_addresses().text();
    EXPECT_THAT(text, HasSubstr("jhash ip saddr mod 2 seed 0x63746761 0 meta l4proto { tcp, udp, "
                                "icmp } snat ip to 203.0.113.1:4096-65535\n"));
    EXPECT_THAT(text, HasSubstr("jhash ip saddr mod 2 seed 0x63746761 1 meta l4proto { tcp, udp, "
                                "icmp } snat ip to 203.0.113.9:5000-5009\n"));
    EXPECT_THAT(text, HasSubstr("jhash ip saddr mod 2 seed 0x63746761 1 snat to 203.0.113.9\n"));
}

TEST(Ruleset, OfRangesThatAreEquallyWideOneIsChosenAtRandom) {
    Ruleset ruleset = two_addresses();
    ruleset.external[0].addresses = {
        {address("203.0.113.1"), {{1232, 1235}, {2000, 2000}, {2256, 2259}}}};
    EXPECT_THAT(
        ruleset.text(),
        HasSubstr("oifname \"wan\" meta l4proto { tcp, udp, icmp } snat ip to numgen random "
                  "mod 2 map { 0 : 203.0.113.1 . 1232-1235, 1 : 203.0.113.1 . 2256-2259 "
                  "}\n"));
}

TEST(Ruleset, OneAddressIsWrittenPlainly) {
    Ruleset ruleset = two_addresses();
    ruleset.external[0].addresses.pop_back();
    EXPECT_THAT(ruleset.text(), HasSubstr("oifname \"wan\" meta l4proto { tcp, "
                                          "udp, icmp } snat ip to 203.0.113.1:4096-65535\n"));
}

TEST(Ruleset, WithPortBlocksTheStackTranslatesNeitherTcpNorUdp) {
    Ruleset ruleset = two_addresses();
    ruleset.external[0].addresses.pop_back();
    ruleset.external[0].block_order = 9;
    EXPECT_THAT(
        ruleset.text(),
        HasSubstr(
            "oifname \"wan\" meta l4proto { icmp } snat ip to "
            "203.0.113.1:4096-65535\n"
            "add rule ip ctgate source iifname { \"guest.10\", \"lan\" } oifname \"wan\" meta "
            "l4proto != { tcp, udp } snat to 203.0.113.1\n"));
    EXPECT_THAT(ruleset.text(), Not(HasSubstr("{ tcp, udp, icmp }")));
}

TEST(Ruleset, WithoutAddressNothingIsTranslatedButAllIsGuarded) {
    Ruleset ruleset = two_addresses();
    ruleset.external[0].addresses.clear();
    const std::string text = ruleset.text();
    EXPECT_THAT(text, Not(HasSubstr("snat to")));
    EXPECT_THAT(text, HasSubstr("oifname \"wan\" goto guard_session\n"));
    EXPECT_THAT(text, Not(HasSubstr("leak ip saddr")));
    EXPECT_THAT(text, HasSubstr("counter name guard_internal_source drop"));
}

TEST(Ruleset, TheAcceptedBitIsTheConfiguredOne) {
    Ruleset ruleset = two_addresses();
    ruleset.accepted_mark = 0x40;
    const std::string text = ruleset.text();
    EXPECT_THAT(text, HasSubstr("ct mark & 0x40 != 0 accept"));
    EXPECT_THAT(text, HasSubstr("ct mark set ct mark or 0x40"));
    EXPECT_THAT(text, Not(HasSubstr("0x80000000")));
}

TEST(Ruleset, EveryGuardReasonIsDeclaredAndUsed) {
    Ruleset ruleset = two_addresses();
    ruleset.opened = {"lan"};
    const std::string text = ruleset.text();
#define CTGATE_CHECK(id, name, meaning)                               \
    EXPECT_THAT(text, HasSubstr("add counter ip ctgate " name "\n")); \
    EXPECT_THAT(text, HasSubstr("counter name " name " drop"));
    CTGATE_GUARD_REASONS(CTGATE_CHECK)
#undef CTGATE_CHECK
}

}  // namespace
}  // namespace ctgate

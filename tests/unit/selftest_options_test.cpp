// SPDX-License-Identifier: GPL-2.0-only
// The selftest's command line, and what it expects of the NAT it then tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "control/selftest_options.hpp"

namespace ctgate::selftest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Options parsed(const Words& words) {
    return parse(words);
}

std::vector<std::string> problems(const Words& words) {
    try {
        parse(words);
    } catch (const ConfigError& error) {
        return error.problems();
    }
    return {};
}

TEST(SelftestOptions, Defaults) {
    const Options options = parsed({});
    EXPECT_FALSE(options.json);
    EXPECT_FALSE(options.plan.full);
    EXPECT_EQ(options.plan.against, Against::ctgate);
    EXPECT_EQ(options.plan.expected.behaviour, NatBehaviour{});
    EXPECT_EQ(options.plan.expected.timeouts.udp, 300U);
    EXPECT_TRUE(options.plan.expected.is_external(external_address));
    EXPECT_FALSE(options.plan.expected.may_use(1023));
    EXPECT_TRUE(options.plan.expected.may_use(1024));
}

TEST(SelftestOptions, OwnOnesAreTakenAndTheRestIsHandedOn) {
    const Options options =
        parsed({"--json", "--port-range", "2000-2999", "--full", "--against=ctgate"});
    EXPECT_TRUE(options.json);
    EXPECT_TRUE(options.plan.full);
    EXPECT_THAT(options.plan.options, ElementsAre("--port-range", "2000-2999"));
    EXPECT_TRUE(options.plan.expected.may_use(2000));
    EXPECT_FALSE(options.plan.expected.may_use(3000));
}

TEST(SelftestOptions, TheBehaviourInForceIsExpected) {
    EXPECT_EQ(parsed({"--filtering", "endpoint-independent"}).plan.expected.behaviour.filtering,
              FilteringBehaviour::endpoint_independent);
    EXPECT_EQ(parsed({"--mapping", "address-and-port-dependent"}).plan.expected.behaviour.filtering,
              FilteringBehaviour::address_and_port_dependent);
}

TEST(SelftestOptions, Against) {
    EXPECT_EQ(parsed({"--against", "masquerade"}).plan.against, Against::masquerade);
    EXPECT_EQ(parsed({"--against=masquerade"}).plan.against, Against::masquerade);
    EXPECT_THAT(problems({"--against", "iptables"}), ElementsAre(HasSubstr("'iptables'")));
    EXPECT_THAT(problems({"--against"}), ElementsAre(HasSubstr("ctgate or masquerade")));
    EXPECT_THAT(problems({"--against", "masquerade", "--clamp-mss", "on"}),
                ElementsAre(HasSubstr("takes none")));
}

TEST(SelftestOptions, OptionsOfTheNetworkAreRefused) {
    for (const char* option :
         {"--internal", "--external", "--netns", "--move", "--address", "--route", "--config"}) {
        EXPECT_THAT(problems({option, "x"}), ElementsAre(HasSubstr(option)));
    }
    EXPECT_THAT(problems({"--external-address", "192.0.2.1"}), ElementsAre(HasSubstr("192.0.2.1")));
    EXPECT_THAT(problems({"--external-address", "203.0.113.254"}),
                ElementsAre(HasSubstr("203.0.113.254")));
}

TEST(SelftestOptions, TimersAreSetAnewForTheChecksThatWait) {
    const Plan plan =
        parsed({"--udp-timeout", "5", "--dangerous-timeouts=yes", "--clamp-mss", "on"}).plan;
    EXPECT_EQ(plan.expected.timeouts.udp, 5U);
    ASSERT_TRUE(plan.scaled_options);
    EXPECT_THAT(*plan.scaled_options,
                ElementsAre("--clamp-mss=on", "--dangerous-timeouts=yes", "--udp-timeout=3",
                            "--tcp-established-timeout=3", "--tcp-transitory-timeout=3",
                            "--icmp-timeout=3"));
    EXPECT_FALSE(parsed({"--against", "masquerade"}).plan.scaled_options);
}

TEST(SelftestOptions, FurtherExternalAddresses) {
    const Options options =
        parsed({"--external-address", "203.0.113.1", "--external-address", "203.0.113.2"});
    EXPECT_EQ(options.plan.expected.external.size(), 2U);
}

TEST(SelftestOptions, ProblemsOfRunAreTold) {
    EXPECT_THAT(problems({"--port-range", "9-5"}), ElementsAre(HasSubstr("reversed")));
    EXPECT_THAT(problems({"--no-such-option"}), ElementsAre(HasSubstr("no-such-option")));
    EXPECT_THAT(problems({"word"}), ElementsAre(HasSubstr("'word'")));
}

TEST(SelftestExpectation, FilteringSeen) {
    EXPECT_EQ(filtering_seen(true, true), FilteringBehaviour::endpoint_independent);
    EXPECT_EQ(filtering_seen(true, false), FilteringBehaviour::address_dependent);
    EXPECT_EQ(filtering_seen(false, false), FilteringBehaviour::address_and_port_dependent);
}

TEST(SelftestTable, EachRequirementIsNamedOnce) {
    std::set<std::string> ids;
    for (const Requirement& requirement : requirements()) {
        EXPECT_TRUE(ids.insert(requirement.id).second) << requirement.id;
        EXPECT_THAT(requirement.rfc, HasSubstr("RFC "));
    }
}

}  // namespace
}  // namespace ctgate::selftest

// SPDX-License-Identifier: GPL-2.0-only
// The timeouts: their range, and that the floors of the RFCs must be left on purpose.
#include <gmock/gmock.h>

#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(OptionsTimeouts, DefaultsAreThoseOfTheHeader) {
    const Config config = parse({});
    EXPECT_EQ(config.timeouts.udp, unsigned{CTGATE_UDP_TIMEOUT});
    EXPECT_EQ(config.timeouts.tcp_established, unsigned{CTGATE_TCP_ESTABLISHED_TIMEOUT});
    EXPECT_EQ(config.timeouts.tcp_transitory, unsigned{CTGATE_TCP_TRANSITORY_TIMEOUT});
    EXPECT_EQ(config.timeouts.icmp, unsigned{CTGATE_ICMP_TIMEOUT});
    EXPECT_FALSE(config.dangerous_timeouts);
}

TEST(OptionsTimeouts, FromFloorToCeiling) {
    const Config floor = parse({"--udp-timeout=120", "--tcp-established-timeout=7440",
                                "--tcp-transitory-timeout=240", "--icmp-timeout=60"});
    EXPECT_EQ(floor.timeouts.udp, 120u);
    EXPECT_EQ(floor.timeouts.tcp_established, 7440u);
    EXPECT_EQ(floor.timeouts.tcp_transitory, 240u);
    EXPECT_EQ(floor.timeouts.icmp, 60u);
    EXPECT_EQ(parse({"--tcp-established-timeout=432000"}).timeouts.tcp_established, 432000u);
    const Config least =
        parse({"--udp-timeout=1", "--tcp-established-timeout=1", "--tcp-transitory-timeout=1",
               "--icmp-timeout=1", "--dangerous-timeouts=yes"});
    EXPECT_EQ(least.timeouts.udp, 1u);
    EXPECT_EQ(least.timeouts.icmp, 1u);
    EXPECT_TRUE(least.dangerous_timeouts);
}

TEST(OptionsTimeouts, Problems) {
    expect_problems({
        {{"--udp-timeout=0"},
         "--udp-timeout '0' is no number of seconds from 1 to 432000, such as 300"},
        {{"--tcp-established-timeout=432001"},
         "--tcp-established-timeout '432001' is no number of seconds from 1 to 432000, such as "
         "7440"},
        {{"--tcp-transitory-timeout=4m"},
         "--tcp-transitory-timeout '4m' is no number of seconds from 1 to 432000, such as 240"},
        {{"--icmp-timeout=-1"},
         "--icmp-timeout '-1' is no number of seconds from 1 to 432000, such as 60"},
        {{"--dangerous-timeouts=true"}, "--dangerous-timeouts 'true' is none of yes, no"},
    });
}

TEST(OptionsTimeouts, BelowTheFloorOnPurposeOnly) {
    const std::string rest = "; give at least these, or --dangerous-timeouts yes";
    const Words low = {"--udp-timeout=119", "--tcp-established-timeout=7439",
                       "--tcp-transitory-timeout=239", "--icmp-timeout=59"};
    const auto expected = ElementsAre(
        "--udp-timeout '119' is below the 120 seconds of RFC 4787 REQ-5" + rest,
        "--tcp-established-timeout '7439' is below the 7440 seconds of RFC 5382 REQ-5" + rest,
        "--tcp-transitory-timeout '239' is below the 240 seconds of RFC 5382 REQ-5" + rest,
        "--icmp-timeout '59' is below the 60 seconds of RFC 5508 REQ-2" + rest);
    EXPECT_THAT(option_problems(with_sides(low)), expected);
    Words refused = low;
    refused.emplace_back("--dangerous-timeouts=no");
    EXPECT_THAT(option_problems(with_sides(refused)), expected);
    // A misspelt permission is one mistake, not five.
    refused.back() = "--dangerous-timeouts=true";
    EXPECT_THAT(option_problems(with_sides(refused)), ElementsAre(HasSubstr("is none of yes, no")));
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Port forwards made at run time: the file that holds them, their numbers, and what stands in the
// way of making and ending one.
#include "control/run_time_forwards.hpp"

#include <gmock/gmock.h>

#include "control/forward.hpp"
#include "control/nat_tables.hpp"
#include "control/option_values.hpp"

namespace ctgate {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t first = 0x80000000;

ForwardOption forward(const std::string& value, std::uint32_t number = 0) {
    Config config;
    EXPECT_FALSE(take_forward(value, config)) << value;
    config.forwards.at(0).number = number;
    return config.forwards[0];
}

TEST(RunTimeForwards, FileHoldsThem) {
    const std::string one = "tcp+udp:203.0.113.5:5000-5009:10.0.0.3:6000-6009,from=192.0.2.0/24";
    const std::string other = "tcp:8080:10.0.0.2:80,not-from=192.0.2.7/32";
    const auto read = from_file(to_file({forward(one, first), forward(other, first + 5)}));
    ASSERT_THAT(read, SizeIs(2));
    EXPECT_EQ(text(read[0]), one);
    EXPECT_EQ(read[0].number, first);
    EXPECT_EQ(text(read[1]), other);
    EXPECT_EQ(read[1].number, first + 5);
}

TEST(RunTimeForwards, OtherFilesHoldNone) {
    for (const char* text :
         {"", "{", "[]", "5", "[{}]", "[5]", "{\"forward\": 1}",
          "[{\"forward\": \"tcp:1\", \"number\": 1}]", "[{\"forward\": \"tcp:1:10.0.0.2:1\"}]"}) {
        EXPECT_THAT(from_file(text), IsEmpty()) << text;
    }
}

TEST(RunTimeForwards, NumbersAreTheirOwn) {
    EXPECT_EQ(free_number({}), first);
    EXPECT_EQ(free_number(
                  {forward("tcp:1:10.0.0.2:1", first + 7), forward("tcp:2:10.0.0.2:2", first + 2)}),
              first + 8);
}

TEST(RunTimeForwards, AccessListsDoNotCollide) {
    Config config;
    config.forwards = {forward("tcp:1:10.0.0.2:1,from=192.0.2.0/24")};
    const Config both = merged(config, {forward("tcp:2:10.0.0.2:2", first),
                                        forward("tcp:3:10.0.0.2:3,from=192.0.2.0/24", first + 1)});
    ASSERT_THAT(both.forwards, SizeIs(3));
    EXPECT_EQ(access_number(both, 0), 1U);
    EXPECT_EQ(access_number(both, 1), 0U);
    EXPECT_EQ(access_number(both, 2), first + 1);
    EXPECT_THAT(access_lists(both), SizeIs(4));
    EXPECT_THAT(config.forwards, SizeIs(1));
}

TEST(RunTimeForwards, WhatIsInTheWay) {
    const std::vector<ForwardOption> others = {forward("tcp:8000-8009:10.0.0.2:80-89"),
                                               forward("udp:203.0.113.5:53:10.0.0.2:53", first)};
    EXPECT_EQ(add_complaint(forward("udp:8000:10.0.0.3:80"), others), "");
    EXPECT_EQ(add_complaint(forward("udp:203.0.113.6:53:10.0.0.3:53"), others), "");
    EXPECT_EQ(add_complaint(forward("tcp+udp:203.0.113.9:8009:10.0.0.3:1"), others),
              "Cannot forward tcp+udp:203.0.113.9:8009:10.0.0.3:1: 'tcp:8000-8009:10.0.0.2:80-89' "
              "of the configuration has such a port; take that out and reload, or forward another "
              "port");
    EXPECT_EQ(
        add_complaint(forward("udp:53:10.0.0.3:53"), others),
        "Cannot forward udp:53:10.0.0.3:53: 'udp:203.0.113.5:53:10.0.0.2:53', made at run "
        "time, has such a port; 'ctgate forward del udp:203.0.113.5:53:10.0.0.2:53' ends that");
}

TEST(RunTimeForwards, OnlyTheseCanBeEnded) {
    const std::vector<ForwardOption> others = {forward("tcp:8000:10.0.0.2:80"),
                                               forward("udp:53:10.0.0.2:53", first)};
    EXPECT_EQ(del_complaint(forward("udp:53:10.0.0.2:53"), others), "");
    EXPECT_EQ(del_complaint(forward("tcp:8000:10.0.0.2:80"), others),
              "'tcp:8000:10.0.0.2:80' is configured; take it out of the configuration and reload");
    EXPECT_EQ(del_complaint(forward("udp:53:10.0.0.2:54"), others),
              "There is no port forward 'udp:53:10.0.0.2:54'; 'ctgate forward list' shows those "
              "that there are");
}

TEST(RunTimeForwards, OpenWhereAllPortsLead) {
    Serving serving;
    serving.external = {
        {"wan0", {{*IpAddress::parse("203.0.113.5"), {}}, {*IpAddress::parse("203.0.113.6"), {}}}}};
    Forwards in_force;
    in_force[{*IpAddress::parse("203.0.113.5"), IPPROTO_TCP}] = {{1, {}}, {2, {}}};
    in_force[{*IpAddress::parse("203.0.113.6"), IPPROTO_TCP}] = {{1, {}}};
    const auto rows =
        forward_rows({forward("tcp:1-2:10.0.0.2:1-2"), forward("tcp+udp:1:10.0.0.2:1"),
                      forward("tcp:203.0.113.7:1:10.0.0.2:1")},
                     serving, in_force);
    ASSERT_THAT(rows, SizeIs(3));
    ASSERT_THAT(rows[0].places, SizeIs(2));
    EXPECT_TRUE(rows[0].places[0].open);
    EXPECT_FALSE(rows[0].places[1].open);
    ASSERT_THAT(rows[1].places, SizeIs(2));
    EXPECT_FALSE(rows[1].places[0].open);
    EXPECT_THAT(rows[2].places, IsEmpty());
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Port sets of RFC 7597: which ports they are, and what is wrong with their options.
#include "control/port_set.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

std::vector<std::string> texts(const std::vector<ctgate_port_range>& ranges) {
    std::vector<std::string> result;
    result.reserve(ranges.size());
    for (const ctgate_port_range& range : ranges) {
        result.push_back(std::to_string(range.low) + "-" + std::to_string(range.high));
    }
    return result;
}

// The definition: a port belongs to the set whose identifier its middle bits are.
bool belongs(unsigned port, const PortSet& set) {
    const unsigned rest = 16 - set.offset - set.length;
    const bool left_out = set.offset != 0 && port >> (16 - set.offset) == 0;
    return port != 0 && !left_out && (port >> rest & ((1U << set.length) - 1)) == set.id;
}

TEST(PortSet, ExampleOfTheRfc) {
    // RFC 7597 appendix A, example 1: PSID 0x34 of 8 bits, offset 6.
    const std::vector<std::string> ranges = texts(port_ranges({0x34, 8, 6}));
    ASSERT_THAT(ranges, SizeIs(63));
    EXPECT_EQ(ranges[0], "1232-1235");
    EXPECT_EQ(ranges[1], "2256-2259");
    EXPECT_EQ(ranges[62], "64720-64723");
}

TEST(PortSet, WithoutOffsetItIsOneRange) {
    EXPECT_THAT(texts(port_ranges({3, 4, 0})), ElementsAre("12288-16383"));
    EXPECT_THAT(texts(port_ranges({0, 4, 0})), ElementsAre("1-4095"));
    EXPECT_THAT(texts(port_ranges({0, 0, 0})), ElementsAre("1-65535"));
    EXPECT_THAT(texts(port_ranges({65535, 16, 0})), ElementsAre("65535-65535"));
}

TEST(PortSet, WithoutIdentifierItIsEverythingBehindTheFirst) {
    EXPECT_THAT(texts(port_ranges({0, 0, 6})), ElementsAre("1024-65535"));
}

TEST(PortSet, TheSetsOfALengthShareThePortsOut) {
    for (unsigned offset = 0; offset <= 6; ++offset) {
        for (const unsigned length : {0U, 1U, 4U, 10U}) {
            std::vector<unsigned> owners(65536);
            for (unsigned id = 0; id < 1U << length; ++id) {
                const PortSet set{id, length, offset};
                for (const ctgate_port_range& range : port_ranges(set)) {
                    for (unsigned port = range.low; port <= range.high; ++port) {
                        ASSERT_TRUE(belongs(port, set)) << port;
                        ++owners[port];
                    }
                }
            }
            for (unsigned port = 1; port < 65536; ++port) {
                const bool nobodys = offset != 0 && port >> (16 - offset) == 0;
                ASSERT_EQ(owners[port], nobodys ? 0u : 1u) << port;
            }
        }
    }
}

TEST(PortSet, BecomesPortRanges) {
    const Config config = parse({"--port-set-id=52", "--port-set-length=8"});
    EXPECT_THAT(config.port_ranges, SizeIs(63));
    EXPECT_EQ(config.port_ranges.front().low, 1232);
    EXPECT_FALSE(config.port_ranges.front().address);
    EXPECT_THAT(
        parse({"--port-set-offset=0", "--port-set-id=1", "--port-set-length=1"}).port_ranges,
        SizeIs(1));
    EXPECT_FALSE(port_set_of(parse({})));
}

TEST(PortSet, Problems) {
    const std::string id = "is no port set identifier; write a number from 0 to 65535, such as 52";
    const std::string length =
        "is no length of a port set identifier; write its bits, 0 to 16, such as 8";
    const std::string offset =
        "is no offset of a port set; write the bits before the identifier, 0 to 6, where 6 makes "
        "63 ranges";
    expect_problems({
        {{"--port-set-id=65536"}, "--port-set-id '65536' " + id},
        {{"--port-set-id=0x34"}, "--port-set-id '0x34' " + id},
        {{"--port-set-id=1", "--port-set-length=17"}, "--port-set-length '17' " + length},
        {{"--port-set-id=1", "--port-set-length=4", "--port-set-offset=7"},
         "--port-set-offset '7' " + offset},
        {{"--port-set-id=1"}, "--port-set-id needs --port-set-length K, the number of its bits"},
        {{"--port-set-length=8"}, "--port-set-length says nothing without --port-set-id PSID"},
        {{"--port-set-offset=4"}, "--port-set-offset says nothing without --port-set-id PSID"},
        {{"--port-set-id=256", "--port-set-length=8"},
         "--port-set-id '256' does not fit into 8 bits; write one from 0 to 255"},
        {{"--port-set-id=1", "--port-set-length=11"},
         "--port-set-length '11' and an offset of 6 bits are more than the 16 of a port; shorten "
         "one"},
        {{"--port-set-id=0", "--port-set-length=16", "--port-set-offset=0"},
         "--port-set-id '0' leaves port 0 alone, which no packet may carry; shorten "
         "--port-set-length"},
        {{"--port-set-id=1", "--port-set-length=8", "--port-range=1-9"},
         "--port-set-id and --port-range both say which ports are used; keep one"},
        {{"--port-set-id=1", "--port-set-length=8", "--port-set-id=1"},
         "--port-set-id is given twice; keep one"},
    });
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Numbering the ports of several ranges: the two directions are inverse, the edges exact.
#include "ctgate/port_ranges.h"

#include <gmock/gmock.h>

#include <initializer_list>
#include <set>

namespace {

ctgate_external_address with(std::initializer_list<ctgate_port_range> ranges) {
    ctgate_external_address external{};
    for (const ctgate_port_range& range : ranges) {
        external.ranges[external.range_count++] = range;
        external.port_count += range.high - range.low + 1U;
    }
    return external;
}

// By counting: the ports in order.
std::set<__u16> ports_of(const ctgate_external_address& external) {
    std::set<__u16> ports;
    for (__u32 i = 0; i < external.range_count; i++) {
        for (__u32 port = external.ranges[i].low; port <= external.ranges[i].high; port++) {
            ports.insert(static_cast<__u16>(port));
        }
    }
    return ports;
}

void expect_exact(const ctgate_external_address& external) {
    const std::set<__u16> ports = ports_of(external);
    ASSERT_EQ(ports.size(), external.port_count);
    __u32 index = 0;
    for (const __u16 port : ports) {
        ASSERT_EQ(ctgate_port_at(&external, index), port) << index;
        ASSERT_EQ(ctgate_port_index(&external, port), index) << port;
        index++;
    }
    EXPECT_EQ(ctgate_port_at(&external, index), 0);
    EXPECT_EQ(ctgate_port_at(&external, 0xffffffff), 0);
    for (__u32 port = 0; port <= 0xffff; port++) {
        if (ports.count(static_cast<__u16>(port)) == 0) {
            ASSERT_EQ(ctgate_port_index(&external, static_cast<__u16>(port)), external.port_count)
                << port;
        }
    }
}

TEST(PortRanges, DefaultRange) {
    expect_exact(with({{CTGATE_PORT_LOW, CTGATE_PORT_HIGH}}));
}

TEST(PortRanges, EveryPort) {
    expect_exact(with({{1, 65535}}));
}

TEST(PortRanges, OnePort) {
    expect_exact(with({{40000, 40000}}));
    expect_exact(with({{65535, 65535}}));
}

TEST(PortRanges, SeveralWithHolesAndAdjacent) {
    expect_exact(with({{1, 1}, {1024, 1030}, {1031, 1031}, {40000, 40100}, {65534, 65535}}));
}

TEST(PortRanges, AsManyAsThereMayBe) {
    ctgate_external_address external{};
    for (__u16 i = 0; i < CTGATE_MAX_PORT_RANGES; i++) {
        const auto low = static_cast<__u16>(100 * (i + 1));
        external.ranges[external.range_count++] = {low, static_cast<__u16>(low + i)};
        external.port_count += i + 1U;
    }
    expect_exact(external);
}

TEST(PortRanges, NoneAtAll) {
    const ctgate_external_address external{};
    EXPECT_EQ(ctgate_port_at(&external, 0), 0);
    EXPECT_EQ(ctgate_port_index(&external, 1024), external.port_count);
}

}  // namespace

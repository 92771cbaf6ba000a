// SPDX-License-Identifier: GPL-2.0-only
#include "control/map_layout.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace ctgate::map_layout {
namespace {

TEST(MapLayout, NothingBeginsAnewWithoutChange) {
    EXPECT_TRUE(begin_anew({}).empty());
}

TEST(MapLayout, WhatStandsForItselfBeginsAnewAlone) {
    EXPECT_EQ(begin_anew({{"counters", "3 entries, now 4"}}), std::vector<std::string>{"counters"});
}

TEST(MapLayout, MapsOfMappingsBeginAnewTogetherTheChangedOnesLast) {
    const auto maps = begin_anew({{"counters", ""}, {"mappings", ""}});
    ASSERT_EQ(maps.size(), 9U);
    EXPECT_EQ(maps[7], "counters");
    EXPECT_EQ(maps[8], "mappings");
    EXPECT_EQ(std::count(maps.begin(), maps.end(), "mappings"), 1);
    EXPECT_NE(std::find(maps.begin(), maps.end(), "port_slots"), maps.end());
}

}  // namespace
}  // namespace ctgate::map_layout

// SPDX-License-Identifier: GPL-2.0-only
// Keys and values of the maps, and of the look-up program: no hidden padding, so that whole values
// may be compared and hashed; and no counter without a name of its own.
#include <gmock/gmock.h>

#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "ctgate/counters.h"
#include "ctgate/events.h"
#include "ctgate/lookup.h"
#include "ctgate/pool.h"

namespace {

// A union is never "unique" to the compiler unless all members are as long as it is.
static_assert(std::has_unique_object_representations_v<ctgate_address>);
static_assert(std::has_unique_object_representations_v<ctgate_port_range>);
static_assert(std::has_unique_object_representations_v<ctgate_external_address>);
static_assert(std::has_unique_object_representations_v<ctgate_pool>);
static_assert(std::has_unique_object_representations_v<ctgate_lookup_tuple>);
static_assert(std::has_unique_object_representations_v<ctgate_lookup_request>);
static_assert(std::has_unique_object_representations_v<ctgate_lookup_answer>);
static_assert(std::has_unique_object_representations_v<ctgate_event_end>);
static_assert(std::has_unique_object_representations_v<ctgate_event>);

// Copied into maps and out of them byte by byte.
static_assert(std::is_trivially_copyable_v<ctgate_pool> && std::is_standard_layout_v<ctgate_pool>);
static_assert(std::is_trivially_copyable_v<ctgate_lookup_answer>);

const std::vector<std::string> names = {
#define CTGATE_NAME(id, name, text) name,
    CTGATE_COUNTERS(CTGATE_NAME) CTGATE_DROP_REASONS(CTGATE_NAME)
#undef CTGATE_NAME
};

TEST(Layout, EveryCounterHasAnIndexAndANameOfItsOwn) {
    EXPECT_EQ(names.size(), CTGATE_COUNTER_MAX);
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
}

void expect_drop_reason(std::size_t index, const std::string& name, const std::string& text) {
    EXPECT_EQ(name.rfind("drop_", 0), 0u) << name;
    EXPECT_EQ(names.at(index), name);
    EXPECT_GT(text.size(), 10u);
}

TEST(Layout, DropReasonsAreKnownByTheirName) {
#define CTGATE_CHECK(id, name, text) expect_drop_reason(CTGATE_DROP_##id, name, text);
    CTGATE_DROP_REASONS(CTGATE_CHECK)
#undef CTGATE_CHECK
}

}  // namespace

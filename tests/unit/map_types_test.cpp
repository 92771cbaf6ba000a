// SPDX-License-Identifier: GPL-2.0-only
#include "control/map_types.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace ctgate::map_types {
namespace {

struct Field {
    const char* name;
    unsigned bytes;
};

// The description of a structure of such fields, one after the other.
std::string described(const std::vector<Field>& fields) {
    constexpr unsigned bits = 8;
    const std::unique_ptr<btf, void (*)(btf*)> types(btf__new_empty(), &btf__free);
    std::vector<int> ids;
    ids.reserve(fields.size());
    unsigned size = 0;
    for (const Field& each : fields) {
        ids.push_back(btf__add_int(types.get(), each.name, each.bytes, 0));
        size += each.bytes;
    }
    const int id = btf__add_struct(types.get(), "value", size);
    unsigned place = 0;
    for (std::size_t n = 0; n < fields.size(); ++n) {
        btf__add_field(types.get(), fields[n].name, ids[n], place, 0);
        place += fields[n].bytes * bits;
    }
    return describe(types.get(), static_cast<__u32>(id));
}

TEST(MapTypes, TheSameFieldsAreTheSame) {
    EXPECT_EQ(described({{"port", 2}, {"state", 2}}), described({{"port", 2}, {"state", 2}}));
}

TEST(MapTypes, TheSameSizeIsNotEnough) {
    EXPECT_NE(described({{"port", 2}, {"state", 2}}), described({{"state", 2}, {"port", 2}}));
    EXPECT_NE(described({{"port", 2}, {"state", 2}}), described({{"port", 2}, {"since", 2}}));
    EXPECT_NE(described({{"both", 4}}), described({{"port", 2}, {"state", 2}}));
}

TEST(MapTypes, ArraysHaveTheirLength) {
    const std::unique_ptr<btf, void (*)(btf*)> types(btf__new_empty(), &btf__free);
    const int word = btf__add_int(types.get(), "word", 4, 0);
    const int two = btf__add_array(types.get(), word, word, 2);
    const int four = btf__add_array(types.get(), word, word, 4);
    EXPECT_EQ(describe(types.get(), static_cast<__u32>(two)), "4[2]");
    EXPECT_EQ(describe(types.get(), static_cast<__u32>(four)), "4[4]");
}

}  // namespace
}  // namespace ctgate::map_types

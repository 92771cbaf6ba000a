// SPDX-License-Identifier: GPL-2.0-only
// Which external addresses and port ranges an external interface gets.
#include "control/pool.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

namespace ctgate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

IpAddress address(const char* text) {
    return IpAddress::parse(text).value();
}

std::vector<IpPrefix> own(std::initializer_list<const char*> texts) {
    std::vector<IpPrefix> result;
    for (const char* text : texts) {
        result.push_back(IpPrefix::parse(text).value());
    }
    return result;
}

std::vector<std::string> texts(const ExternalInterface& interface) {
    std::vector<std::string> result;
    for (const ExternalAddress& each : interface.addresses) {
        std::string text = each.address.text();
        for (const ctgate_port_range& range : each.ranges) {
            text += " " + std::to_string(range.low) + "-" + std::to_string(range.high);
        }
        result.push_back(text);
    }
    return result;
}

TEST(Pool, DefaultIsTheFirstAddressThatIsNotLinkLocal) {
    const Config config;
    EXPECT_THAT(texts(external_interface(config, "wan", own({}), true)), IsEmpty());
    EXPECT_THAT(texts(external_interface(config, "wan", own({"169.254.7.7/16"}), true)), IsEmpty());
    EXPECT_THAT(
        texts(external_interface(
            config, "wan", own({"169.254.7.7/16", "203.0.113.5/24", "203.0.113.9/24"}), true)),
        ElementsAre("203.0.113.5 1024-65535"));
}

TEST(Pool, ConfiguredAddressesTakeTheDefaultsPlace) {
    Config config;
    config.external_addresses = {{"", address("203.0.113.7")}, {"wan", address("203.0.113.8")}};
    EXPECT_THAT(texts(external_interface(config, "wan", own({"203.0.113.5/24"}), true)),
                ElementsAre("203.0.113.7 1024-65535", "203.0.113.8 1024-65535"));
}

TEST(Pool, AnAddressWithoutInterfaceBelongsToTheOneThatCarriesIt) {
    Config config;
    config.external_addresses = {{"", address("203.0.113.7")}, {"dsl", address("192.0.2.1")}};
    EXPECT_THAT(
        texts(external_interface(config, "wan", own({"203.0.113.5/24", "203.0.113.7/24"}), false)),
        ElementsAre("203.0.113.7 1024-65535"));
    EXPECT_THAT(texts(external_interface(config, "dsl", own({}), false)),
                ElementsAre("192.0.2.1 1024-65535"));
    EXPECT_THAT(texts(external_interface(config, "lte", own({"198.51.100.1/24"}), false)),
                ElementsAre("198.51.100.1 1024-65535"));
}

TEST(Pool, RangesOfAnAddressComeBeforeTheCommonOnes) {
    Config config;
    config.external_addresses = {{"", address("203.0.113.7")}, {"", address("203.0.113.8")}};
    config.port_ranges = {{std::nullopt, 50000, 60000},
                          {address("203.0.113.8"), 3000, 3999},
                          {std::nullopt, 1024, 2047}};
    EXPECT_THAT(texts(external_interface(config, "wan", own({}), true)),
                ElementsAre("203.0.113.7 1024-2047 50000-60000", "203.0.113.8 3000-3999"));
}

TEST(Pool, MoreAddressesThanTheDataplaneTakesAreRefused) {
    Config config;
    for (std::uint32_t i = 0; i <= CTGATE_MAX_EXTERNAL_ADDRESSES; ++i) {
        config.external_addresses.push_back({"", {htonl(0xc6336401 + i)}});
    }
    EXPECT_THROW(external_interface(config, "wan", own({}), true), std::runtime_error);
    config.external_addresses.pop_back();
    EXPECT_EQ(to_pool(external_interface(config, "wan", own({}), true), CTGATE_LINK_ETHERNET)
                  .address_count,
              static_cast<unsigned>(CTGATE_MAX_EXTERNAL_ADDRESSES));
}

TEST(Pool, InTheFormOfTheDataplane) {
    Config config;
    config.external_addresses = {{"", address("203.0.113.7")}, {"", address("203.0.113.8")}};
    config.port_ranges = {{std::nullopt, 1024, 2047}, {address("203.0.113.8"), 1, 65535}};
    const ctgate_pool pool =
        to_pool(external_interface(config, "wan", own({}), true), CTGATE_LINK_ETHERNET);
    ASSERT_EQ(pool.address_count, 2U);
    EXPECT_EQ(pool.addresses[0].address.words[0], address("203.0.113.7").v4);
    EXPECT_EQ(pool.addresses[0].address.words[3], 0U);
    EXPECT_EQ(pool.addresses[0].range_count, 1U);
    EXPECT_EQ(pool.addresses[0].port_count, 1024U);
    EXPECT_EQ(pool.addresses[1].port_count, 65535U);
    EXPECT_EQ(pool.addresses[1].ranges[0].low, 1);
    EXPECT_EQ(pool.addresses[1].ranges[0].high, 65535);
}

}  // namespace
}  // namespace ctgate

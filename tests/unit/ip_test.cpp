// SPDX-License-Identifier: GPL-2.0-only
// Addresses, prefixes and endpoints: what is one, what is none, and the way back to text.
#include "control/ip.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace ctgate {
namespace {

using namespace std::string_view_literals;

TEST(IpAddress, TextIsReadAndWrittenUnchanged) {
    for (const char* text : {"0.0.0.0", "10.0.0.1", "203.0.113.5", "255.255.255.255"}) {
        const auto address = IpAddress::parse(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->text(), text);
    }
    EXPECT_EQ(IpAddress::parse("1.2.3.4")->v4, htonl(0x01020304));
}

TEST(IpAddress, RefusesAllElse) {
    for (const std::string_view text :
         {""sv, "10"sv, "10.0.0"sv, "10.0.0.1.1"sv, "256.0.0.1"sv, "10.0.0.01"sv, "10.0.0.1 "sv,
          " 10.0.0.1"sv, "+1.0.0.1"sv, "0x0a.0.0.1"sv, "10.0.0.-1"sv, "10.0.0.1\0"sv,
          "10.0.0.1\n"sv, "::1"sv, "localhost"sv, "10.0.0.1/24"sv}) {
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    }
}

TEST(IpAddress, OrdersNumerically) {
    const auto less = [](const char* one, const char* other) {
        return *IpAddress::parse(one) < *IpAddress::parse(other);
    };
    EXPECT_TRUE(less("10.0.0.2", "10.0.1.1"));
    EXPECT_TRUE(less("9.255.255.255", "10.0.0.0"));
    EXPECT_TRUE(less("127.0.0.1", "128.0.0.1"));
    EXPECT_FALSE(less("10.0.0.1", "10.0.0.1"));
}

TEST(IpAddress, BytesOfTheDataplane) {
    const ctgate_address bytes = IpAddress::parse("203.0.113.5")->to_bytes();
    const std::array<__u8, 16> expected = {203, 0, 113, 5};
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), std::begin(bytes.bytes)));
}

TEST(IpPrefix, KeepsHostBits) {
    for (const char* text : {"10.0.0.1/24", "0.0.0.0/0", "203.0.113.5/32", "10.1.2.3/1"}) {
        const auto prefix = IpPrefix::parse(text);
        ASSERT_TRUE(prefix) << text;
        EXPECT_EQ(prefix->text(), text);
    }
    EXPECT_EQ(IpPrefix::parse("10.0.0.1/24")->length, 24u);
}

TEST(IpPrefix, RefusesAllElse) {
    for (const std::string_view text :
         {""sv, "/"sv, "10.0.0.0"sv, "10.0.0.0/"sv, "10.0.0.0/33"sv, "10.0.0.0/+8"sv,
          "10.0.0.0/-1"sv, "10.0.0.0/ 8"sv, "10.0.0.0/8 "sv, "10.0.0.0/08"sv, "10.0.0.0/8/8"sv,
          "/8"sv, "10.0.0.0/4294967304"sv, "10.0.0.0/0x8"sv, "10.0.0.0/8\0"sv,
          "10.0.0.0/255.0.0.0"sv}) {
        EXPECT_FALSE(IpPrefix::parse(text)) << text;
    }
}

TEST(IpPrefix, Network) {
    const auto network = [](const char* text) { return IpPrefix::parse(text)->network().text(); };
    EXPECT_EQ(network("10.1.2.3/24"), "10.1.2.0");
    EXPECT_EQ(network("10.1.2.3/31"), "10.1.2.2");
    EXPECT_EQ(network("10.1.2.3/32"), "10.1.2.3");
    EXPECT_EQ(network("10.1.2.3/0"), "0.0.0.0");
    EXPECT_EQ(network("255.255.255.255/1"), "128.0.0.0");
}

TEST(IpPrefix, Contains) {
    const auto contains = [](const char* prefix, const char* address) {
        return IpPrefix::parse(prefix)->contains(*IpAddress::parse(address));
    };
    EXPECT_TRUE(contains("10.0.0.1/24", "10.0.0.0"));
    EXPECT_TRUE(contains("10.0.0.1/24", "10.0.0.255"));
    EXPECT_FALSE(contains("10.0.0.1/24", "10.0.1.0"));
    EXPECT_TRUE(contains("0.0.0.0/0", "255.255.255.255"));
    EXPECT_TRUE(contains("10.0.0.1/32", "10.0.0.1"));
    EXPECT_FALSE(contains("10.0.0.1/32", "10.0.0.2"));
}

TEST(IpPrefix, ContainsPrefix) {
    const auto contains = [](const char* prefix, const char* other) {
        return IpPrefix::parse(prefix)->contains(*IpPrefix::parse(other));
    };
    EXPECT_TRUE(contains("10.0.0.0/8", "10.1.0.0/16"));
    EXPECT_TRUE(contains("10.0.0.0/8", "10.0.0.0/8"));
    EXPECT_FALSE(contains("10.0.0.0/16", "10.0.0.0/8"));
    EXPECT_FALSE(contains("10.0.0.0/16", "10.1.0.0/24"));
}

TEST(IpPrefix, Subtract) {
    const auto difference = [](const char* from, const std::vector<const char*>& holes) {
        std::vector<IpPrefix> prefixes;
        prefixes.reserve(holes.size());
        for (const char* hole : holes) {
            prefixes.push_back(*IpPrefix::parse(hole));
        }
        std::string text;
        for (const IpPrefix& each : subtract(*IpPrefix::parse(from), prefixes)) {
            text += each.text() + ' ';
        }
        return text;
    };
    EXPECT_EQ(difference("10.0.0.1/24", {}), "10.0.0.0/24 ");
    EXPECT_EQ(difference("10.0.0.0/24", {"10.0.1.0/24"}), "10.0.0.0/24 ");
    EXPECT_EQ(difference("10.0.0.0/24", {"10.0.0.0/24"}), "");
    EXPECT_EQ(difference("10.0.0.0/24", {"0.0.0.0/0"}), "");
    EXPECT_EQ(difference("10.0.0.0/24", {"10.0.0.64/26"}), "10.0.0.0/26 10.0.0.128/25 ");
    EXPECT_EQ(difference("10.0.0.0/30", {"10.0.0.0/32", "10.0.0.3/32"}),
              "10.0.0.1/32 10.0.0.2/32 ");
    EXPECT_EQ(difference("0.0.0.0/0", {"128.0.0.0/1"}), "0.0.0.0/1 ");
}

TEST(Endpoint, TextIsReadAndWrittenUnchanged) {
    for (const char* text : {"10.0.0.2:1234", "0.0.0.0:0", "203.0.113.5:65535"}) {
        const auto endpoint = Endpoint::parse(text);
        ASSERT_TRUE(endpoint) << text;
        EXPECT_EQ(endpoint->text(), text);
    }
    EXPECT_EQ(Endpoint::parse("10.0.0.2:1234")->port, 1234);
}

TEST(Endpoint, RefusesAllElse) {
    for (const std::string_view text :
         {""sv, ":"sv, "10.0.0.2"sv, "10.0.0.2:"sv, ":80"sv, "10.0.0.2:65536"sv, "10.0.0.2:+80"sv,
          "10.0.0.2:-1"sv, "10.0.0.2: 80"sv, "10.0.0.2:80 "sv, "10.0.0.2:080"sv, "10.0.0.2:80:80"sv,
          "10.0.0.2:http"sv, "10.0.0.2:80\0"sv, "[10.0.0.2]:80"sv}) {
        EXPECT_FALSE(Endpoint::parse(text)) << text;
    }
}

}  // namespace
}  // namespace ctgate

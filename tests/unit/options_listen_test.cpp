// SPDX-License-Identifier: GPL-2.0-only
// --listen-http: what is taken, as what, and what is refused.
#include <gmock/gmock.h>

#include "control/option_values.hpp"

namespace ctgate {
namespace {

using testing::HasSubstr;
using testing::Optional;

std::string taken(const std::string& value) {
    Config config;
    EXPECT_EQ(take_listen_http(value, config), std::nullopt) << value;
    return config.listen_http ? text(*config.listen_http) : "";
}

Complaint refused(const std::string& value) {
    Config config;
    Complaint complaint = take_listen_http(value, config);
    EXPECT_FALSE(config.listen_http) << value;
    return complaint;
}

TEST(ListenOption, IsAnAddressAndAPort) {
    EXPECT_EQ(taken("127.0.0.1:9469"), "127.0.0.1:9469");
    EXPECT_EQ(taken("0.0.0.0:1"), "0.0.0.0:1");
    EXPECT_EQ(taken("[::1]:65535"), "[::1]:65535");
    EXPECT_EQ(taken("[0:0::0:1]:80"), "[::1]:80");
    EXPECT_EQ(taken("[::]:80"), "[::]:80");
}

TEST(ListenOption, AnythingElseIsRefusedWithAnExample) {
    for (const char* value :
         {"", ":", "9469", "127.0.0.1", "127.0.0.1:", ":9469", "localhost:9469", "::1:9469",
          "[::1]", "[::1]9469", "[]:9469", "[127.0.0.1]:9469", "127.0.0.1:65536", "127.0.0.1:-1",
          "127.0.0.1:0x50", "127.0.0.01:80", "[::1%lo]:9469", " 127.0.0.1:80", "127.0.0.1:80 "}) {
        EXPECT_THAT(refused(value), Optional(HasSubstr("127.0.0.1:9469"))) << value;
    }
}

TEST(ListenOption, NobodyListensAtAGroupOrAtPortZero) {
    for (const char* value : {"224.0.0.1:80", "255.255.255.255:80", "[ff02::1]:80"}) {
        EXPECT_THAT(refused(value), Optional(HasSubstr("group"))) << value;
    }
    EXPECT_THAT(refused("127.0.0.1:0"), Optional(HasSubstr("port 0")));
}

}  // namespace
}  // namespace ctgate

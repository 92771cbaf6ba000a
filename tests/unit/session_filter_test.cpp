// SPDX-License-Identifier: GPL-2.0-only
// The filters of `show` and `flush`: which values are taken, which sessions match, and what of it
// the kernel is asked for.
#include "control/session_filter.hpp"

#include <gmock/gmock.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <array>
#include <string_view>
#include <vector>

#include "control/config.hpp"
#include "control/view_options.hpp"

namespace ctgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Endpoint endpoint(const char* text) {
    return Endpoint::parse(text).value();
}

// From inside, translated.
Session outbound(std::uint8_t protocol) {
    Session session;
    session.protocol = protocol;
    session.status = IPS_SRC_NAT | IPS_SEEN_REPLY | IPS_ASSURED;
    session.state = protocol == IPPROTO_TCP ? "ESTABLISHED" : "";
    session.source = endpoint("10.0.0.2:4000");
    session.destination = session.reply_source = endpoint("198.51.100.2:80");
    session.reply_destination = endpoint("203.0.113.1:40000");
    return session;
}

struct Given {
    const char* name;
    const char* value;
};

ViewOptions parse(const std::vector<Given>& given) {
    constexpr std::array<std::string_view, 5> names = {"host", "protocol", "port", "remote",
                                                       "state"};
    std::vector<std::string> words;
    for (const Given& each : given) {
        words.push_back(std::string("--") + each.name);
        words.emplace_back(each.value);
    }
    return parse_view("show", names, words);
}

bool matches(const std::vector<Given>& given, const Session& session = outbound(IPPROTO_TCP)) {
    return parse(given).filter.matches(session, view(session));
}

std::vector<std::string> problems(const std::vector<Given>& given) {
    try {
        parse(given);
    } catch (const ConfigError& error) {
        return error.problems();
    }
    return {};
}

TEST(SessionFilter, NoneMatchesAll) {
    EXPECT_TRUE(SessionFilter().is_empty());
    EXPECT_TRUE(matches({}));
}

TEST(SessionFilter, Host) {
    EXPECT_TRUE(matches({{"host", "10.0.0.2"}}));
    EXPECT_FALSE(matches({{"host", "10.0.0.3"}}));
    EXPECT_TRUE(matches({{"host", "10.0.0.0/24"}}));
    EXPECT_FALSE(matches({{"host", "10.0.1.0/24"}}));
    EXPECT_FALSE(matches({{"host", "203.0.113.1"}})) << "that is the external address";
    EXPECT_FALSE(matches({{"host", "198.51.100.2"}})) << "that is the remote one";
}

TEST(SessionFilter, Protocol) {
    EXPECT_TRUE(matches({{"protocol", "tcp"}}));
    EXPECT_FALSE(matches({{"protocol", "udp"}}));
    EXPECT_TRUE(matches({{"protocol", "udp"}}, outbound(IPPROTO_UDP)));
    EXPECT_TRUE(matches({{"protocol", "icmp"}}, outbound(IPPROTO_ICMP)));
}

TEST(SessionFilter, PortIsInternalOrExternal) {
    EXPECT_TRUE(matches({{"port", "4000"}}));
    EXPECT_TRUE(matches({{"port", "40000"}}));
    EXPECT_FALSE(matches({{"port", "80"}})) << "that is the remote one";
    Session plain = outbound(IPPROTO_TCP);
    plain.status = 0;
    plain.reply_destination = plain.source;
    EXPECT_TRUE(matches({{"port", "4000"}}, plain));
    EXPECT_FALSE(matches({{"port", "40000"}}, plain));
}

TEST(SessionFilter, Remote) {
    EXPECT_TRUE(matches({{"remote", "198.51.100.2"}}));
    EXPECT_TRUE(matches({{"remote", "198.51.100.2:80"}}));
    EXPECT_FALSE(matches({{"remote", "198.51.100.2:81"}}));
    EXPECT_FALSE(matches({{"remote", "198.51.100.3"}}));
}

TEST(SessionFilter, State) {
    EXPECT_TRUE(matches({{"state", "established"}}));
    EXPECT_TRUE(matches({{"state", "ESTABLISHED"}}));
    EXPECT_FALSE(matches({{"state", "time_wait"}}));
    EXPECT_TRUE(matches({{"state", "assured"}}));
    EXPECT_TRUE(matches({{"state", "replied"}}));
    EXPECT_FALSE(matches({{"state", "unreplied"}}));
    Session fresh = outbound(IPPROTO_UDP);
    fresh.status = IPS_SRC_NAT;
    EXPECT_TRUE(matches({{"state", "unreplied"}}, fresh));
    EXPECT_FALSE(matches({{"state", "assured"}}, fresh));
    EXPECT_FALSE(matches({{"state", "established"}}, fresh));
}

TEST(SessionFilter, AllMustMatch) {
    EXPECT_TRUE(matches({{"host", "10.0.0.2"}, {"port", "4000"}, {"state", "established"}}));
    EXPECT_FALSE(matches({{"host", "10.0.0.2"}, {"port", "4001"}}));
}

TEST(SessionFilter, Mapping) {
    const auto matches = [](const std::vector<Given>& given) {
        return parse(given).filter.matches(IPPROTO_UDP, endpoint("10.0.0.2:4000"),
                                           endpoint("203.0.113.1:40000"));
    };
    EXPECT_TRUE(matches({}));
    EXPECT_TRUE(matches({{"host", "10.0.0.0/8"}, {"protocol", "udp"}, {"port", "40000"}}));
    EXPECT_FALSE(matches({{"host", "10.0.0.3"}}));
    EXPECT_FALSE(matches({{"protocol", "tcp"}}));
    EXPECT_FALSE(matches({{"port", "80"}}));
}

TEST(SessionFilter, WhatTheKernelSelects) {
    const auto selection = [](const std::vector<Given>& given) {
        return parse(given).filter.selection();
    };
    EXPECT_EQ(selection({{"protocol", "udp"}}).protocol, IPPROTO_UDP);
    EXPECT_EQ(selection({{"state", "established"}}).protocol, IPPROTO_TCP);
    EXPECT_EQ(selection({{"state", "unreplied"}}).status, 0U);
    EXPECT_EQ(selection({{"state", "unreplied"}}).status_mask, IPS_SEEN_REPLY);
    EXPECT_EQ(selection({{"state", "assured"}}).status, IPS_ASSURED);
    EXPECT_TRUE(selection({{"host", "10.0.0.2"}}).internal);
    EXPECT_FALSE(selection({{"host", "10.0.0.0/24"}}).internal) << "it knows whole addresses only";
    EXPECT_FALSE(selection({{"port", "4000"}, {"remote", "198.51.100.2"}}).protocol);
}

TEST(SessionFilter, BadValues) {
    EXPECT_THAT(problems({{"host", "lan0"}}),
                ElementsAre("--host 'lan0' is no internal address; write 10.0.0.2, or "
                            "10.0.0.0/24"));
    EXPECT_THAT(problems({{"protocol", "sctp"}, {"port", "0"}}),
                ElementsAre("--protocol 'sctp' is none of tcp, udp, icmp",
                            "--port '0' is no port; write a number from 1 to 65535"));
    EXPECT_THAT(problems({{"port", "65536"}}), ElementsAre(HasSubstr("is no port")));
    EXPECT_THAT(problems({{"remote", "198.51.100.2:"}}),
                ElementsAre(HasSubstr("is no remote endpoint")));
    EXPECT_THAT(problems({{"state", "open"}}),
                ElementsAre(HasSubstr("is none of unreplied, replied, assured, ")));
    EXPECT_THAT(problems({{"port", "1"}, {"port", "2"}}),
                ElementsAre("--port is given twice; keep one"));
}

TEST(SessionFilter, Contradictions) {
    EXPECT_THAT(problems({{"protocol", "udp"}, {"state", "established"}}),
                ElementsAre(HasSubstr("is one of TCP")));
    EXPECT_THAT(problems({{"protocol", "icmp"}, {"port", "4000"}}),
                ElementsAre(HasSubstr("ICMP has no ports")));
    EXPECT_THAT(problems({{"protocol", "udp"}, {"state", "unreplied"}}), ElementsAre());
}

TEST(ViewOptions, UnknownAndUnfitOnes) {
    EXPECT_THAT(problems({{"sort", "bytes"}}), ElementsAre(HasSubstr("'show' has no option")));
    const ViewOptions options = parse({{"remote", "198.51.100.2"}});
    constexpr std::array<std::string_view, 1> allowed = {"host"};
    EXPECT_THROW(refuse_others(options, "show mappings", allowed), ConfigError);
}

}  // namespace
}  // namespace ctgate

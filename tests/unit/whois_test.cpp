// SPDX-License-Identifier: GPL-2.0-only
// `ctgate whois` by the configuration alone: right answers, and what it needs to know.
#include "control/whois.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "control/commands.hpp"
#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

struct Output {
    int status = 0;
    std::string text;
};

Output whois(Words words) {
    testing::internal::CaptureStdout();
    const int status = whois_command(words);
    return {status, testing::internal::GetCapturedStdout()};
}

Words with_gateway(Words words) {
    words = with_sides(words);
    words.insert(words.end(), {"--external-address=203.0.113.1", "--external-address=203.0.113.2",
                               "--port-block-size=256"});
    return words;
}

Words whois_problems(const Words& words) {
    return problems_of([&] { whois_command(words); });
}

TEST(Whois, ByTheConfiguration) {
    const Output both = whois(with_gateway({"203.0.113.1:1300", "--deterministic=10.0.0.0/24"}));
    EXPECT_EQ(both.status, exit_success);
    EXPECT_EQ(both.text,
              "tcp 203.0.113.1:1300 is 10.0.0.1 (deterministic, block 1280-1535)\n"
              "udp 203.0.113.1:1300 is 10.0.0.1 (deterministic, block 1280-1535)\n");
    EXPECT_THAT(
        whois(with_gateway({"203.0.113.2:1024", "udp", "--deterministic=10.0.0.0/24"})).text,
        HasSubstr("udp 203.0.113.2:1024 is 10.0.0.252 "));
}

TEST(Whois, TheNetworkOfTheInternalInterfaceIsKnownWhereItIsSetUp) {
    const Output answer = whois({"203.0.113.1:1300", "tcp", "--internal=lan0", "--external=wan0",
                                 "--deterministic", "--address=lan0=10.7.0.1/24",
                                 "--address=wan0=203.0.113.1/24", "--port-block-size=64"});
    EXPECT_THAT(answer.text, HasSubstr("is 10.7.0.4 (deterministic, block 1280-1343)"));
}

// As the dataplane does: what is configured for one port or address goes before what is computed.
TEST(Whois, ForwardsAndOneToOneGoFirst) {
    const auto ask = [](const char* external) {
        return whois(with_gateway({external, "--deterministic=10.0.0.0/24",
                                   "--forward=udp:9000-9001:10.0.0.3:7000-7001",
                                   "--one-to-one=203.0.113.3=10.0.0.9"}));
    };
    EXPECT_EQ(ask("203.0.113.1:9001").text,
              "tcp 203.0.113.1:9001 is 10.0.0.31 (deterministic, block 8960-9215)\n"
              "udp 203.0.113.1:9001 is 10.0.0.3:7001 (forward)\n");
    EXPECT_THAT(ask("203.0.113.2:9000").text,
                HasSubstr("udp 203.0.113.2:9000 is 10.0.0.3:7000 (forward)\n"));
    EXPECT_EQ(ask("203.0.113.3:1234").text,
              "tcp 203.0.113.3:1234 is 10.0.0.9:1234 (one-to-one)\n"
              "udp 203.0.113.3:1234 is 10.0.0.9:1234 (one-to-one)\n");
    EXPECT_EQ(ask("203.0.113.4:1234").status, exit_failure);
}

TEST(Whois, Json) {
    Words words =
        with_gateway({"203.0.113.1:1300", "tcp", "--deterministic=10.0.0.0/24", "--json"});
    EXPECT_EQ(json::parse(whois(words).text), json::parse(R"({
        "found": true, "external": {"address": "203.0.113.1", "port": 1300},
        "hosts": [{"protocol": "tcp", "internal": {"address": "10.0.0.1", "port": null},
                   "how": "deterministic", "block": {"low": 1280, "high": 1535}}]})"));
    words[4] = "203.0.113.9:1300";
    const Output nobody = whois(words);
    EXPECT_EQ(nobody.status, exit_failure);
    EXPECT_EQ(json::parse(nobody.text)["found"], false);
}

TEST(Whois, Nobody) {
    const Output answer = whois(with_gateway({"203.0.113.1:80", "--deterministic=10.0.0.0/24"}));
    EXPECT_EQ(answer.status, exit_failure);
    EXPECT_EQ(answer.text, "203.0.113.1:80 is nobody's\n");
}

TEST(Whois, Problems) {
    const std::string needs =
        "'whois' needs one external endpoint, such as 203.0.113.5:40000, and perhaps tcp or udp";
    for (const Words& words :
         {Words{}, Words{"203.0.113.1"}, Words{"203.0.113.1:0"}, Words{"tcp", "203.0.113.1:1"},
          Words{"203.0.113.1:1", "tcp", "udp"}}) {
        EXPECT_THAT(whois_problems(words), ElementsAre(needs));
    }
    EXPECT_THAT(whois_problems({"203.0.113.1:1", "sctp"}),
                ElementsAre("'sctp' is none of tcp, udp"));
    EXPECT_THAT(whois_problems({"203.0.113.1:1", "--intrenal=lan0", "--external=wan0"}),
                ElementsAre("'--intrenal' is no option; did you mean --internal?"));
    EXPECT_THAT(whois_problems(with_sides({"203.0.113.1:1", "--deterministic=10.0.0.0/24"})),
                ElementsAre("The options do not say which external address interface 'wan0' has; "
                            "add --external-address wan0=ADDR"));
    EXPECT_THAT(whois_problems(with_gateway({"203.0.113.1:1", "--deterministic"})),
                ElementsAre(HasSubstr("write --deterministic=PREFIX")));
}

TEST(Whois, Help) {
    EXPECT_THAT(whois({"--help"}).text, HasSubstr("Usage: ctgate whois ADDR:PORT"));
}

}  // namespace
}  // namespace ctgate

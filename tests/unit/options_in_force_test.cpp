// SPDX-License-Identifier: GPL-2.0-only
// Every option in force, and where it comes from.
#include "control/options_in_force.hpp"

#include <gmock/gmock.h>

#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace ctgate {
namespace {

using testing::ElementsAre;

class OptionsInForce : public testing::Test {
  protected:
    // With a configuration file of these lines.
    std::vector<OptionInForce> in_force(const std::string& file, std::vector<std::string> words) {
        std::ofstream(path_) << file;
        words.push_back("--config");
        words.push_back(path_);
        return options_in_force(parse_options(words));
    }
    ~OptionsInForce() override { std::remove(path_.c_str()); }

    // "VALUE from SOURCE" of each line of the option.
    static std::vector<std::string> rows(const std::vector<OptionInForce>& all,
                                         const std::string& option) {
        std::vector<std::string> result;
        for (const OptionInForce& each : all) {
            if (each.option == option) {
                result.push_back(each.value.value_or("-") + " from " + each.source);
            }
        }
        return result;
    }

    std::string path_ = testing::TempDir() + "ctgate-options-" + std::to_string(::getpid());
};

TEST_F(OptionsInForce, EachWithItsSource) {
    const auto all = in_force(
        "internal = lan0\n# comment\nexternal = wan0\nudp-timeout = 200\nmapping = "
        "endpoint-independent\n",
        {"--internal", "lan1", "--udp-timeout", "150"});
    EXPECT_THAT(rows(all, "internal"),
                ElementsAre("lan0 from " + path_ + ":1", "lan1 from command line"));
    EXPECT_THAT(rows(all, "external"), ElementsAre("wan0 from " + path_ + ":3"));
    EXPECT_THAT(rows(all, "udp-timeout"), ElementsAre("150 from command line"))
        << "the command line wins";
    EXPECT_THAT(rows(all, "mapping"), ElementsAre("endpoint-independent from " + path_ + ":5"));
    EXPECT_THAT(rows(all, "config"), ElementsAre(path_ + " from command line"));
}

TEST_F(OptionsInForce, TakenAgain) {
    std::ofstream(path_) << "internal = lan0\nexternal = wan0\nudp-timeout = 200\n";
    const ParsedOptions options = parse_options(
        std::vector<std::string>{"--internal", "lan1", "--udp-timeout", "150", "--config", path_});
    const ParsedOptions again = parse_given(options.given);
    EXPECT_EQ(again.config.internal, options.config.internal);
    const auto all = options_in_force(again);
    EXPECT_THAT(rows(all, "config"), ElementsAre(path_ + " from command line"));
    EXPECT_THAT(rows(all, "internal"),
                ElementsAre("lan0 from " + path_ + ":1", "lan1 from command line"));
    EXPECT_THAT(rows(all, "udp-timeout"), ElementsAre("150 from command line"));
}

TEST_F(OptionsInForce, TakenAgainByAnotherVersion) {
    EXPECT_THROW(parse_given({{"internal", "lan0", "--internal"},
                              {"external", "wan0", "--external"},
                              {"no-such", "1", "--no-such"}}),
                 ConfigError);
}

TEST_F(OptionsInForce, Defaults) {
    const auto all = in_force("internal = lan0\nexternal = wan0\n", {});
    EXPECT_THAT(rows(all, "filtering"), ElementsAre("address-dependent from default"));
    EXPECT_THAT(rows(all, "tcp-established-timeout"), ElementsAre("7440 from default"));
    EXPECT_THAT(rows(all, "refusal-icmp"), ElementsAre("yes from default"));
    EXPECT_THAT(rows(all, "dangerous-timeouts"), ElementsAre("no from default"));
    EXPECT_THAT(rows(all, "accepted-mark"), ElementsAre("0x80000000 from default"));
    EXPECT_THAT(rows(all, "port-range"), ElementsAre("1024-65535 from default"));
    EXPECT_THAT(rows(all, "fast-path"), ElementsAre("auto from default"));
    EXPECT_THAT(rows(all, "dmz"), ElementsAre("- from default"));
    EXPECT_THAT(rows(all, "forward"), ElementsAre("- from default"));
    EXPECT_THAT(rows(all, "help"), ElementsAre());
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Wrong usage of `ctgate lookup` and `ctgate show`, found before the kernel is asked anything.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "control/commands.hpp"
#include "control/config.hpp"

namespace ctgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Words = std::vector<std::string>;

// Every problem that the command finds with these words.
Words problems(int (*command)(Arguments), const Words& words) {
    try {
        command(words);
    } catch (const ConfigError& error) {
        return error.problems();
    }
    return {};
}

TEST(LookupOptions, ReportsEveryProblemAtOnce) {
    EXPECT_THAT(problems(lookup_command, {"10.0.0.2", "203.0.113.2:80"}),
                ElementsAre(HasSubstr("--proto tcp"), HasSubstr("'10.0.0.2' is no endpoint")));
    EXPECT_THAT(problems(lookup_command, {}),
                ElementsAre(HasSubstr("--proto tcp"), HasSubstr("SRC:PORT and DST:PORT")));
}

TEST(LookupOptions, ProtocolMustBeKnown) {
    const auto with = [](const Words& proto) {
        Words words = proto;
        words.insert(words.end(), {"10.0.0.2:1", "203.0.113.2:x"});
        return problems(lookup_command, words);
    };
    const auto wrong_protocol = ElementsAre(HasSubstr("--proto"), HasSubstr("203.0.113.2:x"));
    const auto right_protocol = ElementsAre(HasSubstr("203.0.113.2:x"));
    EXPECT_THAT(with({"--proto", "quic"}), wrong_protocol);
    EXPECT_THAT(with({"--proto=256"}), wrong_protocol);
    EXPECT_THAT(with({"--proto="}), wrong_protocol);
    EXPECT_THAT(with({"--proto", "tcp"}), right_protocol);
    EXPECT_THAT(with({"--proto=udp"}), right_protocol);
    EXPECT_THAT(with({"--proto=132"}), right_protocol);
    EXPECT_THAT(problems(lookup_command, {"10.0.0.2:1", "203.0.113.2:2", "--proto"}),
                ElementsAre(HasSubstr("--proto")));
}

TEST(ShowOptions, OneOfSixWords) {
    const auto usage = ElementsAre(
        HasSubstr("'sessions', 'mappings', 'hosts', 'forwards', 'counters' or 'config'"));
    EXPECT_THAT(problems(show_command, {}), usage);
    EXPECT_THAT(problems(show_command, {"everything"}), usage);
    EXPECT_THAT(problems(show_command, {"sessions", "counters"}), usage);
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// The text of --help, and the options of the subcommands that have few.
#include <gmock/gmock.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(OptionsHelp, FitsTheTerminalAndNamesEveryOption) {
    std::istringstream lines(options_help());
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 80u) << line;
        EXPECT_FALSE(line.ends_with(' ')) << line;
    }
    for (const char* name : {"--internal IF",
                             "--external IF",
                             "--external-address [IF=]ADDR",
                             "--port-range [ADDR=]LOW-HIGH",
                             "--port-set-id PSID",
                             "--port-set-length K",
                             "--port-set-offset A",
                             "--address IF=ADDR/LENGTH",
                             "--route CIDR",
                             "--netns NAME",
                             "--move IF",
                             "--clamp-mss MODE",
                             "--max-sessions N",
                             "--mapping BEHAVIOUR",
                             "--filtering BEHAVIOUR",
                             "--host CIDR[,KEY=VALUE]...",
                             "--inbound-refresh yes|no",
                             "--overload-when-full yes|no",
                             "--max-ports-per-host N",
                             "--max-sessions-per-host N",
                             "--port-block-size N",
                             "--deterministic [=PREFIX(=auto)]",
                             "--max-new-per-second N",
                             "--refusal-icmp yes|no",
                             "--forward PROTO:",
                             "--one-to-one EXTERNAL=INTERNAL",
                             "--dmz HOST",
                             "--no-nat CIDR",
                             "--udp-timeout SECONDS",
                             "--tcp-established-timeout SECONDS",
                             "--tcp-transitory-timeout SECONDS",
                             "--icmp-timeout SECONDS",
                             "--dangerous-timeouts yes|no",
                             "--accepted-mark BIT",
                             "--attach MODE",
                             "--fast-path MODE",
                             "--listen-http ADDRESS:PORT",
                             "--log-level LEVEL",
                             "--nat-log FILE",
                             "--ipfix ADDR:PORT",
                             "--config FILE",
                             "--help"}) {
        EXPECT_THAT(options_help(), HasSubstr(name));
    }
}

TEST(CommonOptions, Words) {
    const CommonOptions none = parse_common("show", {});
    EXPECT_FALSE(none.json || none.help);
    EXPECT_EQ(none.netns, "");
    for (const Words& words :
         {Words{"--netns", "gw", "a", "--json", "b"}, Words{"a", "--json", "b", "--netns=gw"}}) {
        const CommonOptions options = parse_common("show", words);
        EXPECT_EQ(options.netns, "gw");
        EXPECT_TRUE(options.json);
        EXPECT_THAT(options.positional, ElementsAre("a", "b"));
    }
    EXPECT_TRUE(parse_common("show", Words{"-h"}).help);
    EXPECT_TRUE(parse_common("show", Words{"--nonsense", "--help"}).help);
}

TEST(CommonOptions, Problems) {
    const auto problems = [](const Words& words) {
        return problems_of([&] { parse_common("down", words); });
    };
    const auto unknown = [](const std::string& word) {
        return "'down' has no option '" + word + "'; 'ctgate down --help' explains it";
    };
    EXPECT_THAT(problems({"--jsn", "--netns", "a", "--netns", "b", "-x", "--", "-"}),
                ElementsAre(unknown("--jsn"), unknown("-x"), unknown("--"), unknown("-"),
                            "--netns is given twice; keep one"));
    EXPECT_THAT(problems({"--net", "gw"}), ElementsAre(unknown("--net")));
    EXPECT_THAT(problems({"--netns"}), ElementsAre("--netns needs a value: --netns NAME"));
    EXPECT_THAT(problems({"--netns=a/b"}), ElementsAre(HasSubstr("--netns 'a/b' cannot name")));
    EXPECT_THAT(problems({"--json=1"}), ElementsAre("--json takes no value"));
    EXPECT_THAT(problems({"--config", "x"}), ElementsAre(unknown("--config")));
}

}  // namespace
}  // namespace ctgate

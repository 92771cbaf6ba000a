// SPDX-License-Identifier: GPL-2.0-only
// The file of --config: lines, places of problems, and how the command line is merged with it.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// A file with this text, while the object lives.
class File {
  public:
    explicit File(const std::string& text) {
        const int fd = ::mkstemp(path_.data());
        EXPECT_GE(fd, 0);
        ::close(fd);
        std::ofstream(path_, std::ios::binary) << text;
    }
    ~File() { ::unlink(path_.c_str()); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    const std::string& path() const { return path_; }
    Words words(Words words = {}) const {
        words.insert(words.begin(), {"--config", path_});
        return words;
    }

  private:
    std::string path_ = testing::TempDir() + "ctgate-options-XXXXXX";
};

Config parse_file(const std::string& text) {
    Config config;
    parse_config_text(text, "gw.conf", config);
    return config;
}

Words problems(const std::string& text) {
    return problems_of([&] { parse_file(text); });
}

TEST(ConfigText, EveryOption) {
    const Config config = parse_file(
        "# a home gateway\n"
        "netns = gw\n"
        "move = lan0\n"
        "internal = lan0   # the kitchen\n"
        "internal=lan1\n"
        "\n"
        "  external  =  wan0  \n"
        "external-address = wan0=203.0.113.5\n"
        "port-range = 203.0.113.5=1024-2047\n"
        "address = lan0=10.0.0.1/24\n"
        "route = 0.0.0.0/0,via=203.0.113.1,dev=wan0\n"
        "host = 10.0.0.5/32,filtering=endpoint-independent\n"
        "forward = tcp:80:10.0.0.2:80,from=192.0.2.0/24   # the web\n"
        "one-to-one = 203.0.113.9=10.0.0.9\n"
        "no-nat = 10.9.0.0/16\n"
        "dmz = 10.0.0.4\n"
        "udp-timeout = 5\n"
        "dangerous-timeouts = yes\n"
        "clamp-mss = on\n"
        "max-sessions = 1000\n"
        "accepted-mark = 0x10\n"
        "attach = tcx\n"
        "log-level = debug");
    EXPECT_EQ(config.netns, "gw");
    EXPECT_THAT(config.move, ElementsAre("lan0"));
    EXPECT_THAT(config.internal, ElementsAre("lan0", "lan1"));
    EXPECT_THAT(config.external, ElementsAre("wan0"));
    ASSERT_THAT(config.external_addresses, SizeIs(1));
    EXPECT_EQ(config.external_addresses[0].interface, "wan0");
    ASSERT_THAT(config.port_ranges, SizeIs(1));
    EXPECT_EQ(config.port_ranges[0].address->text(), "203.0.113.5");
    ASSERT_THAT(config.addresses, SizeIs(1));
    EXPECT_EQ(config.addresses[0].prefix.text(), "10.0.0.1/24");
    ASSERT_THAT(config.routes, SizeIs(1));
    EXPECT_EQ(config.routes[0].interface, "wan0");
    EXPECT_THAT(config.hosts, SizeIs(1));
    ASSERT_THAT(config.forwards, SizeIs(1));
    EXPECT_THAT(config.forwards[0].from, SizeIs(1));
    EXPECT_THAT(config.one_to_one, SizeIs(1));
    EXPECT_THAT(config.no_nat, SizeIs(1));
    EXPECT_EQ(config.dmz->text(), "10.0.0.4");
    EXPECT_EQ(config.timeouts.udp, 5u);
    EXPECT_EQ(config.clamp_mss, ClampMss::on);
    EXPECT_EQ(config.max_sessions, 1000u);
    EXPECT_EQ(config.accepted_mark, 0x10u);
    EXPECT_EQ(config.attach, AttachMode::tcx);
    EXPECT_EQ(config.log_level, LogLevel::debug);
}

TEST(ConfigText, EveryProblemHasItsLine) {
    EXPECT_THAT(
        problems("internal = lan0\n"
                 "intrenal = lan1\n"
                 "# port-range = 9-5\n"
                 "port-range = 9-5\n"
                 "max-sessions = 10\n"
                 "just words\n"
                 "max-sessions = 20\n"
                 "[nat]\n"
                 "--external = wan0\n"
                 "config = other.conf\n"
                 "help = yes\n"
                 "netns =\n"
                 "= wan0\n"
                 "zone = x\n"
                 "Internal = lan2\n"),
        ElementsAre("gw.conf:2: 'intrenal' is no option; did you mean internal?",
                    "gw.conf:4: port-range '9-5' is reversed; write 5-9",
                    "gw.conf:6: 'just words' is not of the form 'name = value'",
                    "gw.conf:7: max-sessions is given twice; keep one",
                    "gw.conf:8: '[nat]' begins a section; there are none, only options",
                    "gw.conf:9: '--external' is no option; did you mean external?",
                    "gw.conf:10: config can only stand on the command line",
                    "gw.conf:11: help can only stand on the command line",
                    "gw.conf:12: netns '' cannot name a network namespace; use a plain name such "
                    "as gateway",
                    "gw.conf:13: '' is no option; 'ctgate check --help' explains all",
                    "gw.conf:14: 'zone' is no option; 'ctgate check --help' explains all",
                    "gw.conf:15: 'Internal' is no option; did you mean internal?"));
}

TEST(ConfigText, EmptyOnesSayNothing) {
    for (const char* text : {"", "\n", "\n\n\n", "   \t\n", "# only a comment", "#\r\n\r\n"}) {
        EXPECT_THAT(problems(text), IsEmpty()) << text;
    }
}

TEST(ConfigText, LinesMayEndAsOnWindows) {
    const Config config =
        parse_file("internal = lan0\r\nexternal = wan0\r\n\r\nclamp-mss = on\r\n");
    EXPECT_THAT(config.internal, ElementsAre("lan0"));
    EXPECT_THAT(config.external, ElementsAre("wan0"));
    EXPECT_EQ(config.clamp_mss, ClampMss::on);
}

TEST(ConfigText, LongLinesAreCutInMessages) {
    const std::string z(200000, 'z');
    const std::string cut = "'" + std::string(60, 'z') + "...'";
    EXPECT_THAT(
        problems(z + "\n" + z + " = 1\nattach = " + z + "\n"),
        ElementsAre("gw.conf:1: " + cut + " is not of the form 'name = value'",
                    "gw.conf:2: " + cut + " is no option; 'ctgate check --help' explains all",
                    "gw.conf:3: attach " + cut + " is none of auto, tcx, clsact"));
}

TEST(ConfigText, BinaryBytesAreEscapedInMessages) {
    using namespace std::string_literals;
    EXPECT_THAT(
        problems("\x7f"
                 "ELF\x02\x01\0\n"
                 "internal = a\0b\n"
                 "attach = \xff\x1b[31m\n"s),
        ElementsAre("gw.conf:1: '\\x7fELF\\x02\\x01\\x00' is not of the form 'name = value'",
                    "gw.conf:2: internal 'a\\x00b' cannot name an interface: spaces and any of "
                    "/:\"*\\ are not allowed",
                    "gw.conf:3: attach '\\xff\\x1b[31m' is none of auto, tcx, clsact"));
}

TEST(ConfigFile, CommandLineAddsAndWins) {
    const File file(
        "internal = lan0\nexternal = wan0\nnetns = one\nport-range = 1-5\n"
        "log-level = debug\nattach = tcx\n");
    const ParsedOptions parsed = parse_options(file.words(
        {"--internal", "lan1", "--netns", "two", "--port-range", "6-9", "--log-level", "error"}));
    EXPECT_EQ(parsed.config_file, file.path());
    EXPECT_THAT(parsed.config.internal, ElementsAre("lan0", "lan1"));
    EXPECT_THAT(parsed.config.external, ElementsAre("wan0"));
    EXPECT_THAT(parsed.config.port_ranges, SizeIs(2));
    EXPECT_EQ(parsed.config.netns, "two");
    EXPECT_EQ(parsed.config.log_level, LogLevel::error);
    EXPECT_EQ(parsed.config.attach, AttachMode::tcx);
}

TEST(ConfigFile, ChecksTheMergeAndNamesThePlace) {
    const File file(
        "internal = lan0\ninternal = lan0\nexternal = lan0\n\nmove = lan0\n"
        "port-range = 5-9\nport-range = 1-5\nroute = 10.0.0.0/8,dev=lan0\n");
    const std::string at = file.path() + ":";
    EXPECT_THAT(
        option_problems(file.words({"--attach=x", "--route", "10.0.0.0/8,dev=wan0"})),
        ElementsAre("--attach 'x' is none of auto, tcx, clsact",
                    at + "3: external 'lan0' is an internal interface too; keep it on one side",
                    at + "5: move 'lan0' needs --netns NAME, the network namespace to move it to",
                    at + "2: internal 'lan0' is given twice; keep one",
                    "--route '10.0.0.0/8' is given twice; keep one",
                    at + "7: port-range '1-5' overlaps '5-9'; make the ranges disjoint"));
    EXPECT_THAT(option_problems(File("internal = lan0\n").words({"--external", "lan0"})),
                ElementsAre("--external 'lan0' is an internal interface too; keep it on one side"));
}

TEST(ConfigFile, TheNetworkNamespaceMayComeFromEither) {
    const File file("internal = lan0\nexternal = wan0\nmove = lan0\n");
    EXPECT_THAT(option_problems(file.words()), SizeIs(1));
    EXPECT_THAT(option_problems(file.words({"--netns", "gw"})), IsEmpty());
}

TEST(ConfigFile, WithoutOneNothingIsMissed) {
    EXPECT_THAT(option_problems({"--config", "/nonexistent/gw.conf"}),
                ElementsAre("Cannot read '/nonexistent/gw.conf': No such file or directory"));
    EXPECT_THAT(option_problems({"--config", "/nonexistent/gw.conf", "--attach=x"}), SizeIs(2));
    EXPECT_THAT(option_problems({"--config=" + testing::TempDir()}),
                ElementsAre("Cannot read '" + testing::TempDir() + "': Is a directory"));
    EXPECT_THAT(option_problems({"--config", ""}),
                ElementsAre("Cannot read '': No such file or directory"));
    EXPECT_THAT(option_problems({"--config", "/dev/zero"}),
                ElementsAre("Cannot read '/dev/zero': it is larger than 1 MiB; is it a "
                            "configuration file?"));
}

TEST(ConfigFile, AnEmptyOneLeavesAllToTheCommandLine) {
    EXPECT_THAT(option_problems(File("").words()), SizeIs(2));
    EXPECT_THAT(option_problems(File("").words(with_sides({}))), IsEmpty());
}

TEST(ConfigFile, OnlyOne) {
    const File file("internal = lan0\nexternal = wan0\n");
    EXPECT_THAT(option_problems(file.words({"--config", file.path()})),
                ElementsAre("--config is given twice; keep one"));
    EXPECT_THAT(option_problems({"--config", "--internal"}), SizeIs(3));
}

}  // namespace
}  // namespace ctgate

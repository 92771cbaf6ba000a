// SPDX-License-Identifier: GPL-2.0-only
// The command line of `run` and `check`: values, problems, and that all of them are found at once.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Options, DefaultsAreThoseOfTheHeader) {
    const ParsedOptions parsed = parse_options(with_sides({}));
    EXPECT_FALSE(parsed.help);
    EXPECT_EQ(parsed.config_file, "");
    EXPECT_THAT(parsed.config.internal, ElementsAre("lan0"));
    EXPECT_THAT(parsed.config.external, ElementsAre("wan0"));
    EXPECT_THAT(parsed.config.external_addresses, IsEmpty());
    EXPECT_THAT(parsed.config.port_ranges, IsEmpty());
    EXPECT_EQ(parsed.config.netns, "");
    EXPECT_EQ(parsed.config.max_sessions, 0u);
    EXPECT_EQ(parsed.config.accepted_mark, CTGATE_ACCEPTED_MARK);
    EXPECT_EQ(parsed.config.clamp_mss, ClampMss::automatic);
    EXPECT_EQ(parsed.config.attach, AttachMode::automatic);
    EXPECT_EQ(parsed.config.log_level, LogLevel::info);
}

TEST(Options, RepeatableOnesAdd) {
    const Config config = parse({"--internal=lan1",
                                 "--external",
                                 "wan1",
                                 "--netns",
                                 "gw",
                                 "--move",
                                 "lan0",
                                 "--move=wan0",
                                 "--external-address",
                                 "203.0.113.5",
                                 "--external-address",
                                 "wan1=203.0.113.6",
                                 "--port-range",
                                 "1024-2047",
                                 "--port-range",
                                 "203.0.113.5=1-65535",
                                 "--address",
                                 "lan0=10.0.0.1/24",
                                 "--route",
                                 "10.1.0.0/16,via=10.0.0.2",
                                 "--route=0.0.0.0/0,dev=wan0,via=203.0.113.1"});
    EXPECT_THAT(config.internal, ElementsAre("lan0", "lan1"));
    EXPECT_THAT(config.external, ElementsAre("wan0", "wan1"));
    EXPECT_EQ(config.netns, "gw");
    EXPECT_THAT(config.move, ElementsAre("lan0", "wan0"));
    ASSERT_THAT(config.external_addresses, SizeIs(2));
    EXPECT_EQ(config.external_addresses[0].interface, "");
    EXPECT_EQ(config.external_addresses[0].address.text(), "203.0.113.5");
    EXPECT_EQ(config.external_addresses[1].interface, "wan1");
    ASSERT_THAT(config.port_ranges, SizeIs(2));
    EXPECT_FALSE(config.port_ranges[0].address);
    EXPECT_EQ(config.port_ranges[0].low, 1024);
    EXPECT_EQ(config.port_ranges[0].high, 2047);
    EXPECT_EQ(config.port_ranges[1].address->text(), "203.0.113.5");
    ASSERT_THAT(config.addresses, SizeIs(1));
    EXPECT_EQ(config.addresses[0].interface, "lan0");
    EXPECT_EQ(config.addresses[0].prefix.text(), "10.0.0.1/24");
    ASSERT_THAT(config.routes, SizeIs(2));
    EXPECT_EQ(config.routes[0].destination.text(), "10.1.0.0/16");
    EXPECT_EQ(config.routes[0].via->text(), "10.0.0.2");
    EXPECT_EQ(config.routes[0].interface, "");
    EXPECT_EQ(config.routes[1].via->text(), "203.0.113.1");
    EXPECT_EQ(config.routes[1].interface, "wan0");
}

TEST(Options, SingleOnes) {
    const Config config = parse({"--clamp-mss", "off", "--attach=clsact", "--log-level", "warning",
                                 "--max-sessions=262144", "--accepted-mark", "0x40000000"});
    EXPECT_EQ(config.clamp_mss, ClampMss::off);
    EXPECT_EQ(config.attach, AttachMode::clsact);
    EXPECT_EQ(config.log_level, LogLevel::warning);
    EXPECT_EQ(config.max_sessions, 262144u);
    EXPECT_EQ(config.accepted_mark, 0x40000000u);
    EXPECT_EQ(parse({"--accepted-mark=0X1"}).accepted_mark, 1u);
    EXPECT_EQ(parse({"--accepted-mark=2147483648"}).accepted_mark, 0x80000000u);
    EXPECT_EQ(parse({"--max-sessions=2147483648"}).max_sessions, 2147483648u);
}

TEST(Options, InterfaceNames) {
    const std::string characters =
        "cannot name an interface: spaces and any of /:\"*\\ are not allowed";
    expect_problems({
        {{"--internal", "abcdefghijklmnop"},
         "--internal 'abcdefghijklmnop' is too long; the name of an interface has at most 15 "
         "characters"},
        {{"--internal", "a/b"}, "--internal 'a/b' " + characters},
        {{"--external", "a b"}, "--external 'a b' " + characters},
        {{"--external", "eth0:1"}, "--external 'eth0:1' " + characters},
        {{"--external=a\tb"}, "--external 'a\\x09b' " + characters},
        {{"--internal", ".."}, "--internal '..' cannot name an interface; write one such as eth0"},
        {{"--address", "a/b=10.0.0.1/24"},
         "--address 'a/b=10.0.0.1/24' begins with 'a/b', which " + characters},
        {{"--external-address", "=203.0.113.5"},
         "--external-address '=203.0.113.5' begins with '', which cannot name an interface; write "
         "one such as eth0"},
    });
    EXPECT_THAT(parse({"--internal", "abcdefghijklmno"}).internal,
                ElementsAre("lan0", "abcdefghijklmno"));
}

TEST(Options, ExternalAddresses) {
    const std::string right =
        "is no external address; write ADDR or IF=ADDR, such as "
        "wan0=203.0.113.5";
    const std::string host = "; use one of a host, such as 203.0.113.5";
    const auto has = [&](const std::string& address, const std::string& kind) {
        return Case{{"--external-address", address},
                    "--external-address '" + address + "' has " + kind + " address" + host};
    };
    expect_problems({
        {{"--external-address", "203.0.113.256"}, "--external-address '203.0.113.256' " + right},
        {{"--external-address", "wan0=203.0.113.5/32"},
         "--external-address 'wan0=203.0.113.5/32' " + right},
        has("0.0.0.0", "an unspecified"),
        has("0.1.2.3", "an unspecified"),
        has("127.0.0.1", "a loopback"),
        has("wan0=224.0.0.1", "a multicast"),
        has("239.255.255.255", "a multicast"),
        has("255.255.255.255", "the broadcast"),
        {{"--external-address", "lan0=203.0.113.5"},
         "--external-address 'lan0=203.0.113.5' is for an interface that is not external; add "
         "--external 'lan0'"},
        {{"--external-address", "203.0.113.5", "--external-address", "wan0=203.0.113.5"},
         "--external-address '203.0.113.5' is given twice; keep one"},
    });
}

TEST(Options, PortRanges) {
    const std::string right =
        "is no port range; write LOW-HIGH within 1-65535, such as 40000-49999";
    const auto no_range = [&](const std::string& value) {
        return Case{{"--port-range", value}, "--port-range '" + value + "' " + right};
    };
    expect_problems({
        no_range("1024"),
        no_range("1024-"),
        no_range("-1024"),
        no_range("1-2-3"),
        no_range("1-65536"),
        no_range("+1-2"),
        no_range("1 - 2"),
        {{"--port-range", "9-5"}, "--port-range '9-5' is reversed; write 5-9"},
        {{"--port-range", "0-5"},
         "--port-range '0-5' has port 0, which no packet may carry; begin with 1 or more"},
        {{"--port-range", "1-0"},
         "--port-range '1-0' has port 0, which no packet may carry; begin with 1 or more"},
        {{"--port-range", "wan0=1-5"},
         "--port-range 'wan0=1-5' has no address before '='; write ADDR=LOW-HIGH, such as "
         "203.0.113.5=1024-2047"},
        {{"--port-range", "0.0.0.0=1-5"},
         "--port-range '0.0.0.0=1-5' has an unspecified address; use one of a host, such as "
         "203.0.113.5"},
    });
}

TEST(Options, PortRangesOfAnAddressAreDisjoint) {
    expect_problems({
        {{"--port-range", "1000-2000", "--port-range", "2000-3000"},
         "--port-range '2000-3000' overlaps '1000-2000'; make the ranges disjoint"},
        {{"--port-range", "2000-3000", "--port-range", "1000-2000"},
         "--port-range '1000-2000' overlaps '2000-3000'; make the ranges disjoint"},
        {{"--port-range", "1-9000", "--port-range", "5-6", "--port-range", "9001-9001"},
         "--port-range '5-6' overlaps '1-9000'; make the ranges disjoint"},
        {{"--port-range", "1-9000", "--port-range", "5-6", "--port-range", "9001-9001",
          "--port-range", "203.0.113.5=1-65535"},
         "--port-range '5-6' overlaps '1-9000'; make the ranges disjoint"},
    });
    EXPECT_THAT(option_problems(with_sides({"--port-range", "1-9000", "--port-range", "5-6",
                                            "--port-range", "7000-9500"})),
                ElementsAre(HasSubstr("'5-6' overlaps '1-9000'"),
                            HasSubstr("'7000-9500' overlaps '1-9000'")));
    // The same ports of two addresses, and neighbours, do not overlap; an address without
    // --external-address may be that of an interface.
    EXPECT_THAT(parse({"--port-range", "203.0.113.5=1-9", "--port-range", "203.0.113.6=1-9",
                       "--port-range", "203.0.113.6=10-19", "--external-address", "203.0.113.5"})
                    .port_ranges,
                SizeIs(3));
}

TEST(Options, Limits) {
    Words ranges;
    Words addresses;
    for (int i = 1; i <= CTGATE_MAX_PORT_RANGES + 5; ++i) {
        ranges.push_back("--port-range=203.0.113.5=" + std::to_string(i) + "-" + std::to_string(i));
    }
    for (int i = 1; i <= CTGATE_MAX_EXTERNAL_ADDRESSES + 1; ++i) {
        addresses.push_back("--external-address=203.0.113." + std::to_string(i));
    }
    EXPECT_EQ(problem(ranges), "--port-range gives 203.0.113.5 more than 64 ranges; join some");
    EXPECT_EQ(problem(addresses),
              "--external-address gives interface 'wan0' 33 addresses; it can have at most 32");
    ranges.resize(CTGATE_MAX_PORT_RANGES);
    addresses.resize(CTGATE_MAX_EXTERNAL_ADDRESSES);
    EXPECT_THAT(parse(ranges).port_ranges, SizeIs(CTGATE_MAX_PORT_RANGES));
    EXPECT_THAT(parse(addresses).external_addresses, SizeIs(CTGATE_MAX_EXTERNAL_ADDRESSES));

    Words interfaces;
    for (int i = 1; i < CTGATE_MAX_INTERFACES; ++i) {
        interfaces.push_back("--internal=eth" + std::to_string(i));
    }
    EXPECT_EQ(problem(interfaces),
              "--internal and --external name 257 interfaces; at most 256 can be served, so bridge "
              "some");
    interfaces.pop_back();
    EXPECT_THAT(parse(interfaces).internal, SizeIs(CTGATE_MAX_INTERFACES - 1));
}

TEST(Options, Addresses) {
    const std::string right =
        "is no address for an interface; write IF=ADDR/LENGTH, such as lan0=10.0.0.1/24";
    expect_problems({
        {{"--address", "10.0.0.1/24"}, "--address '10.0.0.1/24' " + right},
        {{"--address", "lan0=10.0.0.1"}, "--address 'lan0=10.0.0.1' " + right},
        {{"--address", "lan0=10.0.0.1/33"}, "--address 'lan0=10.0.0.1/33' " + right},
        {{"--address", "lan0=10.0.0.0/24"},
         "--address 'lan0=10.0.0.0/24' has the network address of its prefix; use one behind it"},
        {{"--address", "lan0=10.0.0.3/30"},
         "--address 'lan0=10.0.0.3/30' has the broadcast address of its prefix; use one before it"},
        {{"--address", "lan0=224.0.0.1/24"},
         "--address 'lan0=224.0.0.1/24' has a multicast address; use one of a host, such as "
         "203.0.113.5"},
        {{"--address", "lan0=10.0.0.1/24", "--address", "lan0=10.0.0.1/24"},
         "--address 'lan0=10.0.0.1/24' is given twice; keep one"},
    });
    EXPECT_THAT(parse({"--address", "lan0=10.0.0.0/31", "--address", "lan0=10.0.0.1/31",
                       "--address", "lan0=10.0.0.7/32"})
                    .addresses,
                SizeIs(3));
}

TEST(Options, Routes) {
    expect_problems({
        {{"--route", "via=10.0.0.1"},
         "--route 'via=10.0.0.1' does not begin with a prefix; write it as "
         "10.0.0.0/8,via=192.0.2.1,dev=eth0"},
        {{"--route", "10.0.0.1/8,dev=lan0"},
         "--route '10.0.0.1/8,dev=lan0' has bits behind its prefix length; write 10.0.0.0/8"},
        {{"--route", "10.0.0.0/8"},
         "--route '10.0.0.0/8' leads nowhere; add via=ADDR, dev=IF or both"},
        {{"--route", "10.0.0.0/8,via=x"},
         "--route '10.0.0.0/8,via=x' needs an address behind via=, such as via=192.0.2.1"},
        {{"--route", "10.0.0.0/8,via=0.0.0.0"},
         "--route '10.0.0.0/8,via=0.0.0.0' has an unspecified address; use one of a host, such as "
         "203.0.113.5"},
        {{"--route", "10.0.0.0/8,dev="},
         "--route '10.0.0.0/8,dev=' needs the name of an interface behind dev=, such as dev=eth0"},
        {{"--route", "10.0.0.0/8,dev=a,dev=b"},
         "--route '10.0.0.0/8,dev=a,dev=b' has two dev=; keep one"},
        {{"--route", "10.0.0.0/8,dev=a,metric=5"},
         "--route '10.0.0.0/8,dev=a,metric=5' has 'metric=5', which is neither via=ADDR nor "
         "dev=IF"},
        {{"--route", "10.0.0.0/8,dev=a,"},
         "--route '10.0.0.0/8,dev=a,' has '', which is neither via=ADDR nor dev=IF"},
        {{"--route", "10.0.0.0/8,dev=a", "--route", "10.0.0.0/8,dev=b"},
         "--route '10.0.0.0/8' is given twice; keep one"},
    });
}

TEST(Options, SingleValues) {
    const std::string sessions = "is no number of sessions from 1 to 2147483648, such as 262144";
    const std::string mark = "is not exactly one bit of 32; write it as 0x80000000 or 2147483648";
    const std::string netns = "cannot name a network namespace; use a plain name such as gateway";
    expect_problems({
        {{"--max-sessions=0"}, "--max-sessions '0' " + sessions},
        {{"--max-sessions=2147483649"}, "--max-sessions '2147483649' " + sessions},
        {{"--max-sessions=-1"}, "--max-sessions '-1' " + sessions},
        {{"--max-sessions=many"}, "--max-sessions 'many' " + sessions},
        {{"--accepted-mark=0"}, "--accepted-mark '0' " + mark},
        {{"--accepted-mark=3"}, "--accepted-mark '3' " + mark},
        {{"--accepted-mark=0x"}, "--accepted-mark '0x' " + mark},
        {{"--accepted-mark=0x100000000"}, "--accepted-mark '0x100000000' " + mark},
        {{"--accepted-mark=80000000"}, "--accepted-mark '80000000' " + mark},
        {{"--clamp-mss=yes"}, "--clamp-mss 'yes' is none of auto, on, off"},
        {{"--attach=tc"}, "--attach 'tc' is none of auto, tcx, clsact"},
        {{"--log-level=Info"}, "--log-level 'Info' is none of debug, info, warning, error"},
        {{"--nat-log=nat.log"},
         "--nat-log 'nat.log' is no place for the NAT log; write the path of a file, such as "
         "/var/log/ctgate-nat.log, or stderr"},
        {{"--ipfix=192.0.2.9"},
         "--ipfix '192.0.2.9' is no endpoint of an IPFIX collector; write one such as "
         "192.0.2.9:4739"},
        {{"--netns=/run/netns/gw"}, "--netns '/run/netns/gw' " + netns},
        {{"--netns=.."}, "--netns '..' " + netns},
        {{"--move", "lan0"},
         "--move 'lan0' needs --netns NAME, the network namespace to move it to"},
        {{"--netns=a", "--netns=b"}, "--netns is given twice; keep one"},
    });
}

TEST(Options, Sides) {
    EXPECT_THAT(option_problems({}),
                ElementsAre("--internal is missing; name the interface of the hosts to be served, "
                            "as in --internal lan0",
                            "--external is missing; name the interface towards the outside, as in "
                            "--external wan0"));
    expect_problems({
        {{"--external", "lan0"},
         "--external 'lan0' is an internal interface too; keep it on one side"},
        {{"--internal", "lan0"}, "--internal 'lan0' is given twice; keep one"},
        {{"--external", "wan0"}, "--external 'wan0' is given twice; keep one"},
    });
}

TEST(Options, WordsThatAreNone) {
    const std::string all = "; 'ctgate check --help' explains all";
    expect_problems({
        {{"--intrenal", "eth0"}, "'--intrenal' is no option; did you mean --internal?"},
        {{"--port_range=1-5"}, "'--port_range' is no option; did you mean --port-range?"},
        // No guessing: an abbreviation is only suggested.
        {{"--max-ses", "5"}, "'--max-ses' is no option; did you mean --max-sessions?"},
        {{"--zone", "eth0"}, "'--zone' is no option" + all},
        {{"-i", "eth0"}, "'-i' is no option" + all},
        {{"-hx"}, "'-hx' is no option" + all},
        {{"-"}, "'-' is no option" + all},
        {{"--"}, "'--' is no option" + all},
        {{"--=x"}, "'--' is no option" + all},
        {{"--="}, "'--' is no option" + all},
        {{"--zone="}, "'--zone' is no option" + all},
        {{"eth0"}, "'eth0' belongs to no option" + all},
        {{""}, "'' belongs to no option" + all},
        {{"--help=yes"}, "--help takes no value"},
        {{"--netns"}, "--netns needs a value: --netns NAME"},
        {{"--netns="}, "--netns needs a value: --netns NAME"},
        {{"--netns", "--attach", "tcx"}, "--netns needs a value: --netns NAME"},
        {{"--\x01\xff"}, "'--\\x01\\xff' is no option" + all},
    });
    EXPECT_THAT(problem({"--zone" + std::string(100000, 'z')}), testing::SizeIs(testing::Lt(200)));
}

TEST(Options, OneMistakeIsOneProblem) {
    // The option is there, if not as it should be, so it is not missing too.
    EXPECT_THAT(option_problems({"--internal", "a/b", "--external", "wan0"}), SizeIs(1));
    EXPECT_THAT(option_problems({"--intrenal", "lan0", "--external", "wan0"}), SizeIs(1));
    EXPECT_THAT(option_problems({"--external", "wan0", "--internal"}), SizeIs(1));
    EXPECT_THAT(option_problems({"--internal", "--external", "wan0"}), SizeIs(1));
    EXPECT_THAT(option_problems({"--internal", "--extrenal", "wan0"}), SizeIs(2));
}

TEST(Options, EveryProblemAtOnce) {
    const Words words = {"--internal", "lan0",           "--external", "lan0",   "--port-range",
                         "9-5",        "--max-sessions", "0",          "--zone", "x",
                         "--move",     "lan0",           "--netns="};
    EXPECT_THAT(option_problems(words),
                ElementsAre(HasSubstr("--netns needs a value"), HasSubstr("'--zone' is no option"),
                            HasSubstr("--port-range '9-5'"), HasSubstr("--max-sessions '0'"),
                            HasSubstr("'lan0' is an internal interface too")));
    try {
        parse_options(words);
        FAIL() << "no ConfigError";
    } catch (const ConfigError& error) {
        const std::string what = error.what();
        EXPECT_EQ(std::count(what.begin(), what.end(), '\n'), 4);
    }
}

TEST(Options, HelpComesFirst) {
    EXPECT_TRUE(parse_options(Words{"--help"}).help);
    EXPECT_TRUE(parse_options(Words{"-h"}).help);
    EXPECT_TRUE(parse_options(Words{"--nonsense", "--internal", "--help"}).help);
    EXPECT_TRUE(parse_options(Words{"--config", "/nonexistent", "-h"}).help);
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// --forward, --one-to-one, --dmz and --no-nat.
#include <gmock/gmock.h>

#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(OptionsStatic, Forwards) {
    const std::string remotes = ",from=192.0.2.0/24,not-from=192.0.2.7/32,from=198.51.100.0/24";
    const Config config = parse({"--forward", "tcp:8080:10.0.0.2:80", "--forward",
                                 "udp:203.0.113.5:5000-5009:10.0.0.3:6000-6009" + remotes,
                                 "--forward", "tcp+udp:443:10.0.0.2:443"});
    ASSERT_THAT(config.forwards, SizeIs(3));
    const ForwardOption& one = config.forwards[0];
    EXPECT_TRUE(one.tcp && !one.udp);
    EXPECT_FALSE(one.external);
    EXPECT_EQ(one.low, 8080);
    EXPECT_EQ(one.high, 8080);
    EXPECT_EQ(one.internal.text(), "10.0.0.2");
    EXPECT_EQ(one.internal_low, 80);
    EXPECT_THAT(one.from, IsEmpty());
    EXPECT_THAT(one.not_from, IsEmpty());
    const ForwardOption& range = config.forwards[1];
    EXPECT_TRUE(range.udp && !range.tcp);
    EXPECT_EQ(range.external->text(), "203.0.113.5");
    EXPECT_EQ(range.low, 5000);
    EXPECT_EQ(range.high, 5009);
    EXPECT_EQ(range.internal_low, 6000);
    EXPECT_THAT(range.from, SizeIs(2));
    EXPECT_THAT(range.not_from, SizeIs(1));
    EXPECT_TRUE(config.forwards[2].tcp && config.forwards[2].udp);
}

TEST(OptionsStatic, ForwardProblems) {
    const auto has = [](const std::string& value, const std::string& complaint) {
        return Case{{"--forward", value}, "--forward '" + value + "' " + complaint};
    };
    const std::string form =
        "is no forward; write PROTO:[EXTERNAL:]PORTS:INTERNAL:PORTS, such as tcp:8080:10.0.0.2:80 "
        "or udp:203.0.113.5:5000-5009:10.0.0.2:5000-5009";
    const std::string ports = ", which is neither a port nor a range of ports such as 5000-5009";
    const std::string host = "; use one of a host, such as 203.0.113.5";
    expect_problems({
        has("8080:10.0.0.2:80", form),
        has("", form),
        has("tcp:1:2:3:4:5", form),
        has("icmp:1:10.0.0.2:1", "begins with 'icmp', which is none of tcp, udp, tcp+udp"),
        has("tcp+:1:10.0.0.2:1", "begins with 'tcp+', which is none of tcp, udp, tcp+udp"),
        has("tcp:wan0:1:10.0.0.2:1", "has 'wan0', which is no address such as 10.0.0.2"),
        has("tcp:0.0.0.0:1:10.0.0.2:1", "has an unspecified address" + host),
        has("tcp:1:10.0.0:1", "has '10.0.0', which is no address such as 10.0.0.2"),
        has("tcp:1:127.0.0.1:1", "has a loopback address" + host),
        has("tcp:0:10.0.0.2:1", "has '0'" + ports),
        has("tcp:1:10.0.0.2:0", "has '0'" + ports),
        has("tcp:1-2-3:10.0.0.2:1", "has '1-2-3'" + ports),
        has("tcp:1-:10.0.0.2:1", "has '1-'" + ports),
        has("tcp:65536:10.0.0.2:1", "has '65536'" + ports),
        has("tcp:9-5:10.0.0.2:1", "has the reversed range '9-5'; write 5-9"),
        has("tcp:5-9:10.0.0.2:5-8", "has 5 external but 4 internal ports; give as many of both"),
        has("tcp:5-9:10.0.0.2:5", "has 5 external but 1 internal ports; give as many of both"),
        has("tcp:1:10.0.0.2:1,from=192.0.2.1",
            "needs a prefix behind from=, such as from=192.0.2.0/24"),
        has("tcp:1:10.0.0.2:1,not-from=",
            "needs a prefix behind not-from=, such as not-from=192.0.2.0/24"),
        has("tcp:1:10.0.0.2:1,from=192.0.2.1/24",
            "has 'from=192.0.2.1/24', which has bits behind its prefix length; write "
            "192.0.2.0/24"),
        has("tcp:1:10.0.0.2:1,to=x", "has 'to=x', which is neither from=CIDR nor not-from=CIDR"),
        has("tcp:1:10.0.0.2:1,", "has '', which is neither from=CIDR nor not-from=CIDR"),
    });
}

TEST(OptionsStatic, ForwardsAreDisjoint) {
    const std::string rest = "; a port can go to one place only";
    expect_problems({
        {{"--forward=tcp:80:10.0.0.2:80", "--forward=tcp:80:10.0.0.3:80"},
         "--forward 'tcp:80:10.0.0.3:80' overlaps 'tcp:80:10.0.0.2:80'" + rest},
        {{"--forward=tcp+udp:5-9:10.0.0.2:5-9", "--forward=udp:203.0.113.5:9-12:10.0.0.3:9-12"},
         "--forward 'udp:203.0.113.5:9-12:10.0.0.3:9-12' overlaps 'tcp+udp:5-9:10.0.0.2:5-9'" +
             rest},
        // Who may come does not matter.
        {{"--forward=tcp:1:10.0.0.2:1,from=192.0.2.0/24", "--forward=tcp:1:10.0.0.3:1"},
         "--forward 'tcp:1:10.0.0.3:1' overlaps 'tcp:1:10.0.0.2:1,from=192.0.2.0/24'" + rest},
    });
    // Another protocol, address or port; the same place inside.
    EXPECT_THAT(parse({"--forward=tcp:203.0.113.5:80:10.0.0.2:80",
                       "--forward=udp:203.0.113.5:80:10.0.0.2:80",
                       "--forward=tcp:203.0.113.6:80:10.0.0.3:80",
                       "--forward=tcp:203.0.113.5:81-90:10.0.0.2:80-89"})
                    .forwards,
                SizeIs(4));
}

TEST(OptionsStatic, OneToOne) {
    const Config config =
        parse({"--one-to-one=203.0.113.5=10.0.0.2", "--one-to-one", "203.0.113.6=10.0.0.3"});
    ASSERT_THAT(config.one_to_one, SizeIs(2));
    EXPECT_EQ(config.one_to_one[0].external.text(), "203.0.113.5");
    EXPECT_EQ(config.one_to_one[0].internal.text(), "10.0.0.2");
    const std::string form =
        "is no pair of addresses; write EXTERNAL=INTERNAL, such as 203.0.113.5=10.0.0.2";
    expect_problems({
        {{"--one-to-one=203.0.113.5"}, "--one-to-one '203.0.113.5' " + form},
        {{"--one-to-one=203.0.113.5=wan0"}, "--one-to-one '203.0.113.5=wan0' " + form},
        {{"--one-to-one=1.1.1.1=2.2.2.2=3.3.3.3"},
         "--one-to-one '1.1.1.1=2.2.2.2=3.3.3.3' " + form},
        {{"--one-to-one=203.0.113.5=0.0.0.0"},
         "--one-to-one '203.0.113.5=0.0.0.0' has an unspecified address; use one of a host, such "
         "as 203.0.113.5"},
        {{"--one-to-one=10.0.0.2=10.0.0.2"},
         "--one-to-one '10.0.0.2=10.0.0.2' has the same address twice; name the external and the "
         "internal one"},
    });
}

TEST(OptionsStatic, AnAddressIsOneToOneWithOneOnly) {
    const std::string has = "--one-to-one '203.0.113.5=10.0.0.2' has ";
    const std::string needs = "--one-to-one '203.0.113.5=10.0.0.2' needs 203.0.113.5 for itself, ";
    const std::string rest = " uses too; take another for one";
    const auto with = [](const Words& words) {
        Words all = words;
        all.emplace_back("--one-to-one=203.0.113.5=10.0.0.2");
        return all;
    };
    expect_problems({
        {with({"--one-to-one=203.0.113.5=10.0.0.2"}),
         has + "203.0.113.5, which '203.0.113.5=10.0.0.2' has already; keep one"},
        {with({"--one-to-one=203.0.113.5=10.0.0.3"}),
         has + "203.0.113.5, which '203.0.113.5=10.0.0.3' has already; keep one"},
        {with({"--one-to-one=203.0.113.6=10.0.0.2"}),
         has + "10.0.0.2, which '203.0.113.6=10.0.0.2' has already; keep one"},
        {with({"--one-to-one=203.0.113.6=203.0.113.5"}),
         has + "203.0.113.5, which '203.0.113.6=203.0.113.5' has already; keep one"},
        {with({"--external-address=wan0=203.0.113.5"}),
         needs + "which --external-address 'wan0=203.0.113.5'" + rest},
        {with({"--port-range=1-9", "--port-range=203.0.113.5=10-19"}),
         needs + "which --port-range '203.0.113.5=10-19'" + rest},
        {with({"--forward=tcp:203.0.113.5:80:10.0.0.2:80"}),
         needs + "which --forward 'tcp:203.0.113.5:80:10.0.0.2:80'" + rest},
    });
    EXPECT_THAT(option_problems(with_sides(
                    with({"--external-address=203.0.113.6", "--forward=tcp:80:10.0.0.2:80"}))),
                IsEmpty());
}

TEST(OptionsStatic, DmzAndNoNat) {
    const Config config =
        parse({"--dmz=10.0.0.9", "--no-nat=192.168.0.0/16", "--no-nat", "172.16.0.0/12"});
    EXPECT_EQ(config.dmz->text(), "10.0.0.9");
    ASSERT_THAT(config.no_nat, SizeIs(2));
    EXPECT_EQ(config.no_nat[1].text(), "172.16.0.0/12");
    EXPECT_FALSE(parse({}).dmz);
    expect_problems({
        {{"--dmz=host"},
         "--dmz 'host' is no address of an internal host; write one such as 10.0.0.2"},
        {{"--dmz=255.255.255.255"},
         "--dmz '255.255.255.255' has the broadcast address; use one of a host, such as "
         "203.0.113.5"},
        {{"--dmz=10.0.0.1", "--dmz=10.0.0.2"}, "--dmz is given twice; keep one"},
        {{"--no-nat=192.168.0.0"},
         "--no-nat '192.168.0.0' is no prefix; write ADDR/LENGTH, such as 192.168.0.0/16"},
        {{"--no-nat=0.0.0.0/0"},
         "--no-nat '0.0.0.0/0' would leave nothing to translate; name the networks, such as "
         "192.168.0.0/16"},
        {{"--no-nat=192.168.0.1/16"},
         "--no-nat '192.168.0.1/16' has bits behind its prefix length; write 192.168.0.0/16"},
        {{"--no-nat=192.168.0.0/16", "--no-nat=192.168.0.0/16"},
         "--no-nat '192.168.0.0/16' is given twice; keep one"},
    });
}

}  // namespace
}  // namespace ctgate

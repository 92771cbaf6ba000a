// SPDX-License-Identifier: GPL-2.0-only
// The options about mappings and who may use them.
#include <gmock/gmock.h>
#include <netinet/in.h>

#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

using testing::SizeIs;

const std::string cannot =
    "cannot go with address-and-port-dependent mapping, by which a port may belong to several "
    "hosts; leave the filtering out, or have endpoint-independent mapping";

TEST(OptionsBehaviour, Values) {
    const Config none = parse({});
    EXPECT_EQ(none.behaviour, NatBehaviour{});
    EXPECT_FALSE(none.inbound_refresh || none.overload_when_full);
    EXPECT_TRUE(none.refuse_icmp);
    EXPECT_EQ(none.max_ports_per_host, 0u);
    EXPECT_EQ(none.max_sessions_per_host, 0u);
    EXPECT_EQ(none.max_new_per_second, 0u);
    const Config all = parse(
        {"--mapping=address-and-port-dependent", "--filtering=address-and-port-dependent",
         "--inbound-refresh=yes", "--overload-when-full=yes", "--refusal-icmp=no",
         "--max-ports-per-host=65535", "--max-sessions-per-host=1000", "--max-new-per-second=9"});
    EXPECT_EQ(all.behaviour.mapping, MappingBehaviour::address_and_port_dependent);
    EXPECT_EQ(all.behaviour.filtering, FilteringBehaviour::address_and_port_dependent);
    EXPECT_TRUE(all.inbound_refresh && all.overload_when_full);
    EXPECT_FALSE(all.refuse_icmp);
    EXPECT_EQ(all.max_ports_per_host, 65535u);
    EXPECT_EQ(all.max_sessions_per_host, 1000u);
    EXPECT_EQ(all.max_new_per_second, 9u);
    EXPECT_EQ(parse({"--max-ports-per-host=0"}).max_ports_per_host, 0u);
}

TEST(OptionsBehaviour, Problems) {
    const std::string ports =
        "is no number of ports from 1 to 65535, such as 2048, nor 0 for no limit";
    expect_problems({
        {{"--mapping=address-dependent"},
         "--mapping 'address-dependent' is none of endpoint-independent, "
         "address-and-port-dependent"},
        {{"--filtering=none"},
         "--filtering 'none' is none of endpoint-independent, address-dependent, "
         "address-and-port-dependent"},
        {{"--inbound-refresh=on"}, "--inbound-refresh 'on' is none of yes, no"},
        {{"--overload-when-full=1"}, "--overload-when-full '1' is none of yes, no"},
        {{"--refusal-icmp=No"}, "--refusal-icmp 'No' is none of yes, no"},
        {{"--max-ports-per-host=65536"}, "--max-ports-per-host '65536' " + ports},
        {{"--max-sessions-per-host=4x"},
         "--max-sessions-per-host '4x' is no number of sessions from 1 to 2147483648, such as "
         "4000, "
         "nor 0 for no limit"},
        {{"--max-new-per-second=x"},
         "--max-new-per-second 'x' is no number of sessions, such as 200, nor 0 for no limit"},
        {{"--max-ports-per-host=-1"}, "--max-ports-per-host '-1' " + ports},
        {{"--mapping=endpoint-independent", "--mapping=endpoint-independent"},
         "--mapping is given twice; keep one"},
        {{"--mapping=address-and-port-dependent", "--filtering=endpoint-independent"},
         "--filtering 'endpoint-independent' " + cannot},
        {{"--filtering=address-dependent", "--mapping=address-and-port-dependent"},
         "--filtering 'address-dependent' " + cannot},
    });
}

TEST(OptionsBehaviour, Hosts) {
    const std::string all = "0.0.0.0/0,protocol=udp,mapping=address-and-port-dependent,";
    const Config config = parse({"--host", "10.0.0.5/32,filtering=endpoint-independent", "--host",
                                 "10.0.0.0/24,mapping=address-and-port-dependent,protocol=tcp",
                                 "--host", all + "filtering=address-and-port-dependent"});
    ASSERT_THAT(config.hosts, SizeIs(3));
    EXPECT_EQ(config.hosts[0].prefix.text(), "10.0.0.5/32");
    EXPECT_FALSE(config.hosts[0].protocol);
    EXPECT_FALSE(config.hosts[0].mapping);
    EXPECT_EQ(config.hosts[0].filtering, FilteringBehaviour::endpoint_independent);
    EXPECT_EQ(config.hosts[1].protocol, IPPROTO_TCP);
    EXPECT_EQ(config.hosts[1].mapping, MappingBehaviour::address_and_port_dependent);
    EXPECT_FALSE(config.hosts[1].filtering);
    EXPECT_EQ(config.hosts[2].protocol, IPPROTO_UDP);
}

TEST(OptionsBehaviour, HostProblems) {
    const auto has = [](const std::string& value, const std::string& complaint) {
        return Case{{"--host", value}, "--host '" + value + "' " + complaint};
    };
    const std::string prefix =
        "does not begin with a prefix; write it as 10.0.0.5/32,filtering=endpoint-independent";
    expect_problems({
        has("10.0.0.5", prefix),
        has("", prefix),
        has("filtering=address-dependent", prefix),
        has("10.0.0.5/24,filtering=address-dependent",
            "has bits behind its prefix length; write 10.0.0.0/24"),
        has("10.0.0.5/32", "changes nothing; add mapping=BEHAVIOUR, filtering=BEHAVIOUR or both"),
        has("10.0.0.5/32,protocol=udp",
            "changes nothing; add mapping=BEHAVIOUR, filtering=BEHAVIOUR or both"),
        has("10.0.0.5/32,protocol=icmp", "has protocol='icmp', which is none of tcp, udp"),
        has("10.0.0.5/32,mapping",
            "has mapping='', which is none of endpoint-independent, "
            "address-and-port-dependent"),
        has("10.0.0.5/32,filtering=x",
            "has filtering='x', which is none of endpoint-independent, address-dependent, "
            "address-and-port-dependent"),
        has("10.0.0.5/32,protocol=udp,protocol=tcp", "has two protocol=; keep one"),
        has("10.0.0.5/32,x=y", "has 'x=y', which is none of protocol=, mapping= and filtering="),
        has("10.0.0.5/32,", "has '', which is none of protocol=, mapping= and filtering="),
    });
    const std::string both =
        "10.0.0.5/32,mapping=address-and-port-dependent,filtering=address-dependent";
    EXPECT_EQ(problem({"--host", both}),
              "--host '" + both.substr(0, 60) + "...' has a filtering that " + cannot);
}

TEST(OptionsBehaviour, HostsThatSayTheSameTwice) {
    expect_problems({
        {{"--host=10.0.0.0/8,mapping=endpoint-independent",
          "--host=10.0.0.0/8,mapping=endpoint-independent"},
         "--host '10.0.0.0/8,mapping=endpoint-independent' sets for the same hosts what "
         "'10.0.0.0/8,mapping=endpoint-independent' sets; keep one"},
        {{"--host=10.0.0.0/8,filtering=address-dependent",
          "--host=10.0.0.0/8,protocol=udp,filtering=endpoint-independent"},
         "--host '10.0.0.0/8,protocol=udp,filtering=endpoint-independent' sets for the same hosts "
         "what '10.0.0.0/8,filtering=address-dependent' sets; keep one"},
    });
    // Another protocol, another thing, another prefix.
    EXPECT_THAT(parse({"--host=10.0.0.0/8,protocol=tcp,filtering=address-dependent",
                       "--host=10.0.0.0/8,protocol=udp,filtering=endpoint-independent",
                       "--host=10.0.0.0/8,mapping=endpoint-independent",
                       "--host=10.0.0.0/9,mapping=endpoint-independent"})
                    .hosts,
                SizeIs(4));
}

}  // namespace
}  // namespace ctgate

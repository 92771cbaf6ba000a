// SPDX-License-Identifier: GPL-2.0-only
// Which behaviour is in force for a host: the longest prefix that says something about it.
#include "control/behaviour.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

constexpr auto independent = MappingBehaviour::endpoint_independent;
constexpr auto dependent = MappingBehaviour::address_and_port_dependent;
constexpr auto open = FilteringBehaviour::endpoint_independent;
constexpr auto by_address = FilteringBehaviour::address_dependent;
constexpr auto by_endpoint = FilteringBehaviour::address_and_port_dependent;

NatBehaviour of(const Config& config, const char* host, std::uint8_t protocol = IPPROTO_TCP) {
    return behaviour_of(config, IpAddress::parse(host).value(), protocol);
}

TEST(Behaviour, WithoutOptions) {
    EXPECT_EQ(of(parse({}), "10.0.0.2"), (NatBehaviour{independent, by_address}));
}

TEST(Behaviour, OfTheGateway) {
    EXPECT_EQ(of(parse({"--filtering=endpoint-independent"}), "10.0.0.2"),
              (NatBehaviour{independent, open}));
    EXPECT_EQ(of(parse({"--filtering=address-and-port-dependent"}), "10.0.0.2"),
              (NatBehaviour{independent, by_endpoint}));
    EXPECT_EQ(of(parse({"--mapping=address-and-port-dependent"}), "10.0.0.2"),
              (NatBehaviour{dependent, by_endpoint}));
}

TEST(Behaviour, TheLongestPrefixWinsInAnyOrder) {
    const Config config = parse({"--host=10.0.0.8/29,filtering=address-and-port-dependent",
                                 "--host=10.0.0.9/32,filtering=endpoint-independent",
                                 "--host=10.0.0.0/24,filtering=address-dependent",
                                 "--filtering=endpoint-independent"});
    EXPECT_EQ(of(config, "10.0.0.9").filtering, open);
    EXPECT_EQ(of(config, "10.0.0.8").filtering, by_endpoint);
    EXPECT_EQ(of(config, "10.0.0.15").filtering, by_endpoint);
    EXPECT_EQ(of(config, "10.0.0.16").filtering, by_address);
    EXPECT_EQ(of(config, "10.0.1.9").filtering, open);
}

TEST(Behaviour, MappingAndFilteringAreFoundEachOnItsOwn) {
    const Config config = parse({"--host=10.0.0.0/24,mapping=address-and-port-dependent",
                                 "--host=10.0.0.9/32,filtering=endpoint-independent",
                                 "--host=10.0.0.8/32,mapping=endpoint-independent"});
    EXPECT_EQ(of(config, "10.0.0.2"), (NatBehaviour{dependent, by_endpoint}));
    EXPECT_EQ(of(config, "10.0.0.8"), (NatBehaviour{independent, by_address}));
    // Whatever is asked for, the mapping of the /24 leaves no other filtering.
    EXPECT_EQ(of(config, "10.0.0.9"), (NatBehaviour{dependent, by_endpoint}));
}

TEST(Behaviour, OfOneProtocol) {
    const Config config =
        parse({"--host=10.0.0.9/32,protocol=udp,filtering=endpoint-independent",
               "--host=10.0.0.9/32,protocol=tcp,filtering=address-and-port-dependent",
               "--host=0.0.0.0/0,mapping=endpoint-independent"});
    EXPECT_EQ(of(config, "10.0.0.9", IPPROTO_UDP).filtering, open);
    EXPECT_EQ(of(config, "10.0.0.9", IPPROTO_TCP).filtering, by_endpoint);
}

}  // namespace
}  // namespace ctgate

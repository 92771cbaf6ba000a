// SPDX-License-Identifier: GPL-2.0-only
// Deterministic ports: the arithmetic leads from every host to a block of its own, and back.
#include "control/deterministic.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>

#include <set>
#include <string>
#include <utility>

#include "ctgate/port_blocks.h"
#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

IpAddress address(const std::string& text) {
    return IpAddress::parse(text).value();
}

ExternalInterface interface_of(Words words) {
    words.emplace_back("--external-address=203.0.113.1");
    return external_interface(parse(words), "wan0", {}, true);
}

struct Placement {
    IpAddress external;
    unsigned block = CTGATE_NO_BLOCK;
};

// As the dataplane does it.
Placement placement_of(const ExternalInterface& interface, const ctgate_pool& pool,
                       IpAddress host) {
    const auto n = deterministic_address(interface, host);
    if (!n) {
        return {};
    }
    const ctgate_external_address& external = pool.addresses[*n];
    const __u32 index = ntohl(host.v4) - pool.first_host - external.first_host;
    return {interface.addresses[*n].address, ctgate_block_at(&external, pool.block_order, index)};
}

void expect_every_host_has_a_block_of_its_own(const Words& words) {
    const ExternalInterface interface = interface_of(words);
    const ctgate_pool pool = to_pool(interface, CTGATE_LINK_ETHERNET);
    const unsigned size = 1U << interface.block_order;
    std::set<std::pair<IpAddress, unsigned>> taken;
    for (__u32 n = 0; n < pool.host_count; ++n) {
        const IpAddress host{htonl(pool.first_host + n)};
        const Placement placement = placement_of(interface, pool, host);
        ASSERT_NE(placement.block, CTGATE_NO_BLOCK) << host.text();
        ASSERT_TRUE(taken.emplace(placement.external, placement.block).second) << host.text();
        for (const unsigned port : {placement.block * size, placement.block * size + size - 1}) {
            ASSERT_EQ(
                deterministic_host(interface, placement.external, static_cast<std::uint16_t>(port)),
                host)
                << port;
        }
    }
}

TEST(Deterministic, EveryHostHasABlockOfItsOwn) {
    expect_every_host_has_a_block_of_its_own({"--deterministic=10.0.0.0/24"});
    expect_every_host_has_a_block_of_its_own({"--deterministic=10.0.0.7/32"});
    expect_every_host_has_a_block_of_its_own(
        {"--deterministic=10.0.0.0/24", "--port-block-size=64"});
    expect_every_host_has_a_block_of_its_own(
        {"--deterministic=10.0.0.0/21", "--external-address=203.0.113.9",
         "--external-address=203.0.113.5", "--port-range=203.0.113.9=1-65535"});
    expect_every_host_has_a_block_of_its_own({"--deterministic=10.0.0.0/26",
                                              "--port-range=1000-9000", "--port-range=20001-30000",
                                              "--port-range=40000-40100"});
    expect_every_host_has_a_block_of_its_own({"--deterministic=10.0.0.0/25", "--port-set-id=1",
                                              "--port-set-length=2", "--port-set-offset=4"});
}

// Every port of every address: it is in the block of the host it leads to, or nobody's.
TEST(Deterministic, TheInverseHoldsForEveryPort) {
    const ExternalInterface interface =
        interface_of({"--deterministic=10.0.0.0/24", "--port-range=1000-30000",
                      "--port-range=40000-50000", "--external-address=203.0.113.2"});
    const ctgate_pool pool = to_pool(interface, CTGATE_LINK_ETHERNET);
    unsigned nobodys = 0;
    for (const ExternalAddress& each : interface.addresses) {
        for (unsigned port = 1; port < 65536; ++port) {
            const auto host =
                deterministic_host(interface, each.address, static_cast<std::uint16_t>(port));
            if (!host) {
                ++nobodys;
                continue;
            }
            const Placement placement = placement_of(interface, pool, *host);
            ASSERT_EQ(placement.external, each.address) << port;
            ASSERT_EQ(placement.block, port >> interface.block_order) << port;
        }
    }
    EXPECT_EQ(nobodys, 2 * 65535 - 256 * (1U << interface.block_order));
}

TEST(Deterministic, BlocksAreAsLargeAsTheyCanBe) {
    const auto order = [](const Words& words) { return interface_of(words).block_order; };
    EXPECT_EQ(order({"--deterministic=10.0.0.0/24"}), 7u);  // 504 blocks of 128, 252 of 256
    EXPECT_EQ(order({"--deterministic=10.0.0.0/24", "--port-range=1-65535"}), 7u);
    EXPECT_EQ(order({"--deterministic=10.0.0.0/25"}), 8u);
    EXPECT_EQ(order({"--deterministic=10.0.0.0/32"}), 15u);
    EXPECT_EQ(order({"--deterministic=10.0.0.0/24", "--port-block-size=64"}), 6u);
}

TEST(Deterministic, NobodyElseIsNamed) {
    const ExternalInterface interface = interface_of({"--deterministic=10.0.0.0/30"});
    EXPECT_FALSE(deterministic_host(interface, address("203.0.113.1"), 1023));
    EXPECT_FALSE(deterministic_host(interface, address("203.0.113.2"), 40000));
    EXPECT_FALSE(deterministic_address(interface, address("10.0.0.4")));
    EXPECT_EQ(deterministic_address(interface, address("10.0.0.3")), 0u);
}

TEST(Deterministic, HostsOfAnAddressAreARow) {
    const ExternalInterface interface =
        interface_of({"--deterministic=10.0.0.0/24", "--port-block-size=256",
                      "--external-address=203.0.113.2", "--external-address=203.0.113.3"});
    EXPECT_EQ(deterministic_hosts(interface, 0)->first.text(), "10.0.0.0");
    EXPECT_EQ(deterministic_hosts(interface, 0)->last.text(), "10.0.0.251");
    EXPECT_EQ(deterministic_hosts(interface, 1)->first.text(), "10.0.0.252");
    EXPECT_EQ(deterministic_hosts(interface, 1)->last.text(), "10.0.0.255");
    EXPECT_FALSE(deterministic_hosts(interface, 2));
}

TEST(Deterministic, Options) {
    EXPECT_FALSE(parse({}).deterministic);
    EXPECT_FALSE(parse({"--deterministic"}).deterministic->prefix);
    EXPECT_FALSE(parse({"--deterministic=auto"}).deterministic->prefix);
    EXPECT_EQ(parse({"--deterministic=10.0.0.0/24"}).deterministic->prefix->text(), "10.0.0.0/24");
    expect_problems({
        {{"--deterministic=lan0"},
         "--deterministic 'lan0' is no prefix of internal hosts; write "
         "--deterministic=ADDR/LENGTH, such as 10.0.0.0/24, or auto for the network of the "
         "internal interface"},
        {{"--deterministic=10.0.0.1/24"},
         "--deterministic '10.0.0.1/24' has bits behind its prefix length; write 10.0.0.0/24"},
        {{"--deterministic", "--internal=lan1"},
         "--deterministic does not say which of 2 internal interfaces' hosts; write "
         "--deterministic=PREFIX"},
        {{"--deterministic=10.0.0.0/24", "--overload-when-full=yes"},
         "--deterministic cannot go with --overload-when-full yes, by which hosts share ports; "
         "keep one"},
    });
}

TEST(Deterministic, APrefixThatIsTooLargeIsRefusedWithFigures) {
    expect_problems({
        {{"--deterministic=10.0.0.0/16"},
         "--deterministic '10.0.0.0/16' has 65536 hosts, but the 1 external address of interface "
         "'wan0' has 1008 blocks of 64 ports; take a longer prefix, more external addresses "
         "or wider port ranges"},
        {{"--deterministic=10.0.0.0/24", "--port-block-size=512", "--external-address=203.0.113.1",
          "--external-address=203.0.113.2"},
         "--deterministic '10.0.0.0/24' has 256 hosts, but the 2 external addresses of interface "
         "'wan0' have 252 blocks of 512 ports; take a longer prefix, more external addresses, "
         "wider port ranges or smaller blocks"},
        {{"--deterministic=10.0.0.0/32", "--port-set-id=1", "--port-set-length=8"},
         "--deterministic '10.0.0.0/32' has 1 hosts, but the 1 external address of interface "
         "'wan0' has 0 blocks of 64 ports; take a longer prefix, more external addresses or wider "
         "port ranges"},
    });
    // Where addresses are not known to the options.
    EXPECT_THAT(
        parse({"--deterministic=10.0.0.0/16", "--external=wan1", "--external-address=203.0.113.1"})
            .external,
        testing::SizeIs(2));
}

}  // namespace
}  // namespace ctgate

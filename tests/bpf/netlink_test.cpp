// SPDX-License-Identifier: GPL-2.0-only
// netns and Netlink against the kernel, in two namespaces made for each test; root.
#include "control/netlink.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "control/netns.hpp"

namespace ctgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Two namespaces that go with the object, also when the test throws.
class NetlinkTest : public testing::Test {
  protected:
    NetlinkTest() {
        netns::create(near_name_);
        netns::create(far_name_);
    }
    ~NetlinkTest() override {
        netns::remove(near_name_);
        netns::remove(far_name_);
    }

    FileDescriptor near() const { return netns::open_named(near_name_); }
    FileDescriptor far() const { return netns::open_named(far_name_); }

    // A veth pair "a" (near) and "b" (far).
    void connect() const {
        const netns::Scope scope(near());
        Netlink().add_veth("a", "b", far());
    }

    const std::string near_name_ = fmt::format("ctgate-test-{}-near", ::getpid());
    const std::string far_name_ = fmt::format("ctgate-test-{}-far", ::getpid());
};

IpPrefix prefix(const char* text) {
    return IpPrefix::parse(text).value();
}

IpAddress address(const char* text) {
    return IpAddress::parse(text).value();
}

template <typename Function>
std::string message_of(Function function) {
    try {
        function();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "(nothing thrown)";
}

// The kernel reports carriers with a delay.
bool becomes_running(const std::string& name) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!Netlink().link(name)->running) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

TEST_F(NetlinkTest, NamespacesAreSeparateAndScopeReturns) {
    const auto home = netns::current_cookie();
    std::uint64_t there = 0;
    {
        const netns::Scope scope(near());
        there = netns::current_cookie();
        EXPECT_TRUE(Netlink().link("lo")->up);
    }
    EXPECT_NE(there, home);
    EXPECT_EQ(netns::current_cookie(), home);
    {
        const netns::Scope scope(far());
        EXPECT_NE(netns::current_cookie(), there);
    }
}

TEST_F(NetlinkTest, ScopeReturnsWhenLeftByAnException) {
    const auto home = netns::current_cookie();
    EXPECT_THROW(
        {
            const netns::Scope scope(near());
            throw std::runtime_error("x");
        },
        std::runtime_error);
    EXPECT_EQ(netns::current_cookie(), home);
}

TEST_F(NetlinkTest, NamesOfNamespaces) {
    EXPECT_TRUE(netns::exists(near_name_));
    EXPECT_THAT(message_of([&] { netns::create(near_name_); }), HasSubstr(near_name_));
    EXPECT_TRUE(netns::exists(near_name_)) << "a refused creation must not remove the old one";
    netns::remove(near_name_);
    EXPECT_FALSE(netns::exists(near_name_));
    EXPECT_NO_THROW(netns::remove(near_name_));
    EXPECT_THAT(message_of([&] { netns::open_named(near_name_); }), HasSubstr("ip netns add"));
    EXPECT_THROW(netns::remove("../etc"), std::runtime_error);
    EXPECT_THROW(netns::create(""), std::runtime_error);
}

TEST_F(NetlinkTest, MountOfRunNetnsIsSharedOnce) {
    std::ifstream file("/proc/self/mountinfo");
    int mounts = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.find(" /run/netns ") != std::string::npos) {
            ++mounts;
            EXPECT_THAT(line, HasSubstr(" shared:"));
        }
    }
    EXPECT_EQ(mounts, 1);
}

TEST_F(NetlinkTest, LinksAndTheirProperties) {
    connect();
    const netns::Scope scope(near());
    Netlink netlink;
    auto link = netlink.link("a").value();
    EXPECT_EQ(link.kind, "veth");
    EXPECT_FALSE(link.up);
    EXPECT_FALSE(link.running);
    EXPECT_TRUE(link.ethernet);
    EXPECT_EQ(link.mtu, 1500U);
    EXPECT_FALSE(netlink.link("lo")->ethernet);
    EXPECT_FALSE(netlink.link("b")) << "the peer must be in the other namespace";
    EXPECT_FALSE(netlink.link("a-name-that-is-too-long-for-the-kernel"));
    EXPECT_FALSE(netlink.link(""));

    netlink.set_mtu("a", 1400);
    netlink.set_up("a", true);
    {
        const netns::Scope other(far());
        Netlink().set_up("b", true);
    }
    link = netlink.link("a").value();
    EXPECT_TRUE(link.up);
    EXPECT_EQ(link.mtu, 1400U);
    EXPECT_TRUE(becomes_running("a"));
    netlink.set_up("a", false);
    EXPECT_FALSE(netlink.link("a")->up);

    const auto all = netlink.links();
    EXPECT_EQ(std::count_if(
                  all.begin(), all.end(),
                  [&](const Link& each) { return each.name == "a" && each.index == link.index; }),
              1);
}

TEST_F(NetlinkTest, MissingInterfacesAreNamed) {
    const netns::Scope scope(near());
    Netlink netlink;
    EXPECT_THAT(message_of([&] { netlink.set_up("nix0", true); }), HasSubstr("'nix0'"));
    EXPECT_THAT(message_of([&] { netlink.add_address("nix0", prefix("10.0.0.1/24")); }),
                HasSubstr("'nix0'"));
    EXPECT_THAT(message_of([&] { netlink.remove_link("nix0"); }), HasSubstr("'nix0'"));
    EXPECT_FALSE(netlink.remove_address("nix0", prefix("10.0.0.1/24")));
}

TEST_F(NetlinkTest, AddressesInTheKernelsOrder) {
    connect();
    const netns::Scope scope(near());
    Netlink netlink;
    const int index = netlink.link("a")->index;
    EXPECT_TRUE(netlink.add_address("a", prefix("203.0.113.5/24")));
    EXPECT_TRUE(netlink.add_address("a", prefix("203.0.113.1/24")));
    EXPECT_FALSE(netlink.add_address("a", prefix("203.0.113.1/24")));
    EXPECT_TRUE(netlink.add_address("lo", prefix("198.51.100.2/32")));
    EXPECT_THAT(netlink.addresses(index),
                ElementsAre(prefix("203.0.113.5/24"), prefix("203.0.113.1/24")));
    EXPECT_TRUE(netlink.remove_address("a", prefix("203.0.113.1/24")));
    EXPECT_FALSE(netlink.remove_address("a", prefix("203.0.113.1/24")));
    EXPECT_THAT(netlink.addresses(index), ElementsAre(prefix("203.0.113.5/24")));
}

TEST_F(NetlinkTest, RoutesAreAddedOnceAndTakenBack) {
    connect();
    const netns::Scope scope(near());
    Netlink netlink;
    netlink.add_address("a", prefix("203.0.113.1/24"));
    netlink.set_up("a", true);
    const RouteOption route{prefix("198.51.100.7/24"), address("203.0.113.2"), ""};
    const RouteOption other{prefix("198.51.100.0/24"), address("203.0.113.3"), ""};
    const RouteOption fallback{prefix("0.0.0.0/0"), address("203.0.113.2"), "a"};
    const RouteOption direct{prefix("192.0.2.0/24"), std::nullopt, "a"};

    EXPECT_FALSE(netlink.remove_route(route));
    EXPECT_TRUE(netlink.add_route(route));
    EXPECT_FALSE(netlink.add_route(route));
    EXPECT_THAT(message_of([&] { netlink.add_route(other); }),
                HasSubstr("198.51.100.0/24 via 203.0.113.3"));
    EXPECT_TRUE(netlink.add_route(fallback));
    EXPECT_FALSE(netlink.add_route(fallback));
    EXPECT_TRUE(netlink.add_route(direct));
    EXPECT_FALSE(netlink.add_route(direct));

    // Independent witness: /proc/thread-self/net/route, destination and gateway in hex.
    std::stringstream table;
    table << std::ifstream("/proc/thread-self/net/route").rdbuf();
    EXPECT_THAT(table.str(), HasSubstr("a\t006433C6\t027100CB"));
    EXPECT_THAT(table.str(), HasSubstr("a\t00000000\t027100CB"));
    EXPECT_THAT(table.str(), HasSubstr("a\t000200C0\t00000000"));

    EXPECT_FALSE(netlink.remove_route(other));
    EXPECT_TRUE(netlink.remove_route(route));
    EXPECT_FALSE(netlink.remove_route(route));
    EXPECT_TRUE(netlink.remove_route(fallback));
    EXPECT_TRUE(netlink.remove_route(direct));
}

TEST_F(NetlinkTest, BridgesAndMoves) {
    connect();
    {
        const netns::Scope scope(near());
        Netlink netlink;
        netlink.add_bridge("bridge");
        EXPECT_EQ(netlink.link("bridge")->kind, "bridge");
        netlink.set_mtu("a", 1400);
        EXPECT_EQ(netlink.link("bridge")->mtu, 1500U);
        netlink.set_master("a", "bridge");
        EXPECT_EQ(netlink.link("bridge")->mtu, 1400U) << "a bridge takes the MTU of its ports";
        EXPECT_THAT(message_of([&] { netlink.add_bridge("bridge"); }), HasSubstr("'bridge'"));
        EXPECT_THAT(message_of([&] { netlink.set_master("a", "nix0"); }), HasSubstr("'nix0'"));
        netlink.move_link("a", far());
        EXPECT_FALSE(netlink.link("a"));
        netlink.remove_link("bridge");
        EXPECT_FALSE(netlink.link("bridge"));
    }
    const netns::Scope scope(far());
    EXPECT_TRUE(Netlink().link("a"));
}

}  // namespace
}  // namespace ctgate

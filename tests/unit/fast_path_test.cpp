// SPDX-License-Identifier: GPL-2.0-only
#include "control/fast_path.hpp"

#include <gmock/gmock.h>

#include "control/xdp_features.hpp"

namespace ctgate::fast_path {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

constexpr std::uint64_t all = xdp::runs_programs | xdp::redirects | xdp::takes_frames;

Link link(int index, const char* name, const char* kind = "") {
    Link result;
    result.index = index;
    result.name = name;
    result.kind = kind;
    result.ethernet = true;
    return result;
}

std::vector<std::string> names(const std::vector<Link>& links) {
    std::vector<std::string> result;
    result.reserve(links.size());
    for (const Link& each : links) {
        result.push_back(each.name);
    }
    return result;
}

const Facts able{.features = all};

TEST(FastPathChoice, AutoIsXdpWhereEveryInterfaceCan) {
    const Choice choice =
        choose(FastPath::automatic, {link(1, "lan0"), link(2, "wan0")}, {{1, able}, {2, able}});
    EXPECT_EQ(choice.mode, FastPath::xdp);
    EXPECT_THAT(names(choice.xdp), ElementsAre("lan0", "wan0"));
    EXPECT_THAT(choice.reasons, IsEmpty());
    EXPECT_THAT(choice.warnings, IsEmpty());
}

TEST(FastPathChoice, AutoIsTcWhereOneCannot) {
    const Choice choice = choose(FastPath::automatic, {link(1, "lan0"), link(2, "br0", "bridge")},
                                 {{1, able}, {2, {.features = 0}}});
    EXPECT_EQ(choice.mode, FastPath::tc);
    EXPECT_THAT(choice.xdp, IsEmpty());
    EXPECT_THAT(choice.reasons, ElementsAre("the driver of 'br0' does not run XDP natively"));
}

TEST(FastPathChoice, AutoIsTcWhereSomethingWouldBeLost) {
    const Choice choice = choose(FastPath::automatic, {link(1, "lan0"), link(2, "veth0", "veth")},
                                 {{1, able}, {2, able}});
    EXPECT_EQ(choice.mode, FastPath::tc);
    EXPECT_THAT(choice.reasons, ElementsAre(HasSubstr("'veth0' is a veth")));
    EXPECT_THAT(choice.warnings, IsEmpty());
}

TEST(FastPathChoice, XdpIsHadWhereItCan) {
    const Choice choice =
        choose(FastPath::xdp, {link(1, "veth0", "veth"), link(2, "br0", "bridge")},
               {{1, able}, {2, {.features = 0}}});
    EXPECT_EQ(choice.mode, FastPath::xdp);
    EXPECT_THAT(names(choice.xdp), ElementsAre("veth0"));
    EXPECT_THAT(choice.reasons, ElementsAre(HasSubstr("'br0'")));
    EXPECT_THAT(choice.warnings, ElementsAre(HasSubstr("'veth0' is a veth")));
}

TEST(FastPathChoice, XdpThatNobodyCanHaveIsTc) {
    const Choice choice = choose(FastPath::xdp, {link(2, "br0", "bridge")}, {{2, {.features = 0}}});
    EXPECT_EQ(choice.mode, FastPath::tc);
    EXPECT_THAT(choice.reasons, ElementsAre(HasSubstr("'br0'")));
    EXPECT_EQ(choose(FastPath::xdp, {}, {}).mode, FastPath::tc) << "before there is an interface";
}

TEST(FastPathChoice, TcAndOffAskNobody) {
    for (const FastPath each : {FastPath::tc, FastPath::off}) {
        const Choice choice = choose(each, {link(1, "lan0")}, {});
        EXPECT_EQ(choice.mode, each);
        EXPECT_THAT(choice.reasons, IsEmpty());
    }
}

TEST(FastPathObstacle, EachHasItsSentence) {
    Link tunnel = link(1, "tun0", "tun");
    tunnel.ethernet = false;
    EXPECT_THAT(obstacle(tunnel, able), Optional(HasSubstr("no Ethernet header")));
    EXPECT_THAT(obstacle(link(1, "wan0"), {.features = all, .taken = true}),
                Optional(HasSubstr("somebody else's program")));
    EXPECT_THAT(obstacle(link(1, "wan0"), {.features = xdp::runs_programs}),
                Optional(HasSubstr("does not run XDP natively")));
    EXPECT_THAT(obstacle(link(1, "veth0", "veth"), {}), Optional(HasSubstr("does not say")));
    EXPECT_EQ(obstacle(link(1, "wan0"), {}), std::nullopt) << "hardware, before Linux 6.3";
}

TEST(FastPathLoss, EachHasItsSentence) {
    EXPECT_THAT(loss(link(1, "wan0"), {}), Optional(HasSubstr("does not say")));
    EXPECT_THAT(loss(link(1, "wan0"), {.features = all, .carries_vlans = true}),
                Optional(HasSubstr("VLAN devices")));
    EXPECT_EQ(loss(link(1, "wan0"), able), std::nullopt);
}

}  // namespace
}  // namespace ctgate::fast_path

// SPDX-License-Identifier: GPL-2.0-only
#include <gmock/gmock.h>

#include "control/doctor_judgements.hpp"

namespace ctgate::doctor {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Matcher;

Matcher<Findings> only(Grade grade, const char* found, const char* remedy) {
    return ElementsAre(AllOf(Field(&Finding::grade, grade),
                             Field(&Finding::found, HasSubstr(found)),
                             Field(&Finding::remedy, HasSubstr(remedy))));
}

Matcher<Findings> fine() {
    return ElementsAre(Field(&Finding::grade, Grade::good));
}

Link link(int index, const char* name, unsigned mtu = 1500) {
    Link result;
    result.index = index;
    result.name = name;
    result.mtu = mtu;
    return result;
}

const std::vector<Link> internal = {link(1, "lan0")};
const std::vector<Link> external = {link(2, "wan0"), link(3, "wan1")};
const std::vector<Link> links = {link(1, "lan0"), link(2, "wan0"), link(3, "wan1")};

TEST(DoctorSentence, IsSplitIntoFindingAndRemedy) {
    const Finding finding = bad_sentence("'x' is down; 'ip link set x up' starts it");
    EXPECT_EQ(finding.found, "'x' is down");
    EXPECT_EQ(finding.remedy, "'ip link set x up' starts it");
    EXPECT_EQ(bad_sentence("no more").remedy, "");
}

TEST(DoctorWaysOut, OneDefaultRouteByAnExternalInterfaceIsGood) {
    EXPECT_THAT(judge_ways_out({{.ifindex = 2, .is_default = true}}, external, links), fine());
}

TEST(DoctorWaysOut, NoneIsBadUnlessAnotherRouteLeadsOut) {
    EXPECT_THAT(judge_ways_out({}, external, links),
                only(Grade::bad, "no default route", "ip route add default via GATEWAY dev wan0"));
    EXPECT_THAT(judge_ways_out({{.ifindex = 3, .is_default = false}}, external, links),
                only(Grade::warning, "no default route", "ip route add"));
    EXPECT_THAT(judge_ways_out({}, {}, links), only(Grade::warning, "no default route", "dev IF"));
}

TEST(DoctorWaysOut, OneThatIsNotExternalIsBad) {
    EXPECT_THAT(judge_ways_out({{.ifindex = 1, .is_default = true}}, external, links),
                only(Grade::bad, "'lan0', which is no external interface", "--external lan0"));
}

TEST(DoctorWaysOut, TwoOfTheSameMetricAreAmbiguous) {
    const WayOut first{.ifindex = 2, .is_default = true, .metric = 50};
    EXPECT_THAT(
        judge_ways_out({first, {.ifindex = 3, .is_default = true, .metric = 50}}, external, links),
        only(Grade::warning, "two default routes of metric 50", "dev wan1 metric 150"));
    EXPECT_THAT(
        judge_ways_out({first, {.ifindex = 3, .is_default = true, .metric = 60}}, external, links),
        fine());
}

TEST(DoctorReversePath, TheHigherOfBothSettingsCounts) {
    EXPECT_THAT(judge_reverse_path("wan0", 1, 0), only(Grade::warning, "wan0", "rp_filter=2"));
    EXPECT_THAT(judge_reverse_path("wan0", 0, 1), only(Grade::warning, "wan0", "rp_filter=2"));
    EXPECT_THAT(judge_reverse_path("wan0", 1, 2), IsEmpty());
    EXPECT_THAT(judge_reverse_path("wan0", 0, 0), IsEmpty());
}

TEST(DoctorMtu, ANarrowWayOutNeedsTheClamp) {
    EXPECT_THAT(judge_mtu(internal, {link(2, "wan0", 1492)}, {}),
                only(Grade::warning, "1492", "--clamp-mss on"));
    EXPECT_THAT(judge_mtu(internal, {link(2, "wan0", 1492)}, {"wan0"}), fine());
    EXPECT_THAT(judge_mtu(internal, {link(2, "wan0", 9000)}, {}), fine());
}

TEST(DoctorConntrack, FullBeginsAtNineTenths) {
    EXPECT_THAT(judge_room(899, 1000), fine());
    EXPECT_THAT(judge_room(900, 1000), only(Grade::bad, "900 of 1000", "--max-sessions 2000"));
    EXPECT_THAT(judge_room(900, 0), fine());
}

TEST(DoctorConntrack, LimitBelowMaxSessions) {
    EXPECT_THAT(judge_limit(1000, 1000, false), fine());
    EXPECT_THAT(judge_limit(1000, 2000, true), fine());
    EXPECT_THAT(judge_limit(1000, 2000, false),
                only(Grade::warning, "--max-sessions 2000", "nf_conntrack_max=2000"));
}

TEST(DoctorConntrack, LongChains) {
    EXPECT_THAT(judge_buckets(262144, 65536), fine());
    EXPECT_THAT(judge_buckets(1048576, 65536),
                only(Grade::warning, "65536", "nf_conntrack_buckets=1048576"));
}

TEST(DoctorConntrack, LossesAreThoseOfAllProcessors) {
    const ConntrackLosses losses = parse_conntrack_losses(
        "entries  insert_failed drop early_drop\n"
        "00000005 00000001 00000010 00000000\n"
        "00000005 00000002 00000000 000000ff\n");
    EXPECT_EQ(losses.insert_failed, 3U);
    EXPECT_EQ(losses.drop, 16U);
    EXPECT_EQ(losses.early_drop, 255U);
    EXPECT_THAT(judge_losses({}), fine());
    EXPECT_THAT(judge_losses({.insert_failed = 3}), only(Grade::warning, "3 first packets", ""));
    EXPECT_THAT(judge_losses({.drop = 16}),
                only(Grade::warning, "16 packets dropped", "--max-sessions"));
}

const std::vector<ExternalInterface> pools = {
    {"wan0", {{*IpAddress::parse("203.0.113.1"), {{.low = 8000, .high = 40000}}}}}};

TEST(DoctorPorts, NamesServicesWithinTheExternalPorts) {
    const LocalPort ssh{IPPROTO_TCP, {}, 22};
    const LocalPort web{IPPROTO_TCP, {}, 8080};
    const LocalPort elsewhere{IPPROTO_UDP, *IpAddress::parse("10.0.0.1"), 8053};
    const LocalPort chosen{IPPROTO_UDP, {}, 33000};
    EXPECT_THAT(judge_router_ports({ssh, elsewhere, chosen}, pools, {32768, 60999}), fine());
    EXPECT_THAT(judge_router_ports({ssh, web}, pools, {32768, 60999}),
                only(Grade::warning, "tcp 0.0.0.0:8080", "--port-range"));
}

TEST(DoctorPorts, NamesAFewOfMany) {
    std::vector<LocalPort> many;
    for (std::uint16_t port = 8001; port <= 8009; ++port) {
        many.push_back({IPPROTO_UDP, {}, port});
    }
    EXPECT_THAT(judge_router_ports(many, pools, {32768, 60999}),
                only(Grade::warning, "0.0.0.0:8005 and 4 more", ""));
}

TEST(DoctorPorts, SharedRangeNeedsTheDaemon) {
    EXPECT_THAT(judge_local_range({32768, 60999}, pools, true), fine());
    EXPECT_THAT(judge_local_range({32768, 60999}, pools, false),
                only(Grade::warning, "32768-60999", "ctgate run"));
    EXPECT_THAT(judge_local_range({50000, 60999}, pools, false), fine());
    EXPECT_EQ(parse_port_range("32768\t60999").high, 60999U);
}

}  // namespace
}  // namespace ctgate::doctor

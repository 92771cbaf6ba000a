// SPDX-License-Identifier: GPL-2.0-only
// `ctgate explain`: wrong usage, and that nothing of the dataplane is without words, or shared with
// the programs in force by mistake.
#include "control/explain.hpp"

#include <gmock/gmock.h>

#include "control/selftest_packet.hpp"
#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Words explain_problems(const Words& words) {
    return problems_of([&] { explain::parse(words); });
}

TEST(Explain, EveryProblemAtOnce) {
    EXPECT_THAT(
        explain_problems({"icmp", "10.0.0.2", "198.51.100.2:0", "--flags=syn,urgent"}),
        ElementsAre(HasSubstr("'icmp' is none of tcp, udp"), HasSubstr("'10.0.0.2' is no endpoint"),
                    HasSubstr("'198.51.100.2:0' is no endpoint"),
                    HasSubstr("--flags 'syn,urgent' has others than")));
    EXPECT_THAT(explain_problems({"tcp", "10.0.0.2:1"}), ElementsAre(HasSubstr("needs a packet")));
    EXPECT_THAT(explain_problems({"udp", "10.0.0.2:1", "10.0.0.3:1", "--flags", "syn"}),
                ElementsAre(HasSubstr("UDP has none")));
    EXPECT_THAT(explain_problems({"udp", "10.0.0.2:1", "10.0.0.3:1", "--colour"}),
                ElementsAre(HasSubstr("no option '--colour'")));
}

TEST(Explain, TakesAPacket) {
    const Words words = {"tcp",         "10.0.0.2:1234", "198.51.100.2:80", "--flags=fin,ack",
                         "--interface", "lan0",          "--json"};
    const explain::Question question = explain::parse(words);
    EXPECT_EQ(question.packet.protocol, IPPROTO_TCP);
    EXPECT_EQ(question.packet.source.text(), "10.0.0.2:1234");
    EXPECT_EQ(question.packet.destination.text(), "198.51.100.2:80");
    EXPECT_EQ(question.packet.tcp_flags, selftest::FIN | selftest::ACK);
    EXPECT_EQ(question.interface, "lan0");
    EXPECT_TRUE(question.json);
}

TEST(Explain, WithoutFlagsTcpBeginsASession) {
    const Words tcp = {"tcp", "10.0.0.2:1234", "198.51.100.2:80"};
    const Words udp = {"udp", "10.0.0.2:1234", "198.51.100.2:80"};
    EXPECT_EQ(explain::parse(tcp).packet.tcp_flags, selftest::SYN);
    EXPECT_EQ(explain::parse(udp).packet.tcp_flags, 0);
}

TEST(Explain, EachResultOfAStageHasWords) {
    EXPECT_THAT(stage_results(), testing::Contains("LOOKUP_MISS"));
    for (const std::string& result : stage_results()) {
        EXPECT_THAT(explain::words_of(result), Not(IsEmpty())) << result;
    }
}

TEST(Explain, EachDropHasARemedyAndNothingElse) {
#define CTGATE_ROW(id, name, text)                                               \
    EXPECT_THAT(explain::remedy_of(CTGATE_DROP_##id), Not(IsEmpty())) << (name); \
    EXPECT_EQ(explain::name_of(CTGATE_DROP_##id), name);
    CTGATE_DROP_REASONS(CTGATE_ROW)
#undef CTGATE_ROW
#define CTGATE_ROW(id, name, text)                                           \
    EXPECT_THAT(explain::remedy_of(CTGATE_COUNT_##id), IsEmpty()) << (name); \
    EXPECT_EQ(explain::meaning_of(CTGATE_COUNT_##id), text);
    CTGATE_COUNTERS(CTGATE_ROW)
#undef CTGATE_ROW
}

// A new map belongs to one of the three: what the dataplane writes must not be shared.
TEST(Explain, EachMapIsSharedOrCopiedOrBeginsEmpty) {
    Words known = shared_maps();
    const Words copied = copied_maps();
    known.insert(known.end(), copied.begin(), copied.end());
    known.insert(known.end(), {"sweeps", "counters", "explanation", "listening", "events",
                               "events_lost", "refusal_rates"});
    EXPECT_THAT(rehearsed_maps(), testing::IsSubsetOf(known));
}

}  // namespace
}  // namespace ctgate

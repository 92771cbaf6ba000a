// SPDX-License-Identifier: GPL-2.0-only
#include "control/firewall.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>

#include "control/doctor_firewall.hpp"

namespace ctgate {
namespace {

using doctor::Finding;
using doctor::Findings;
using doctor::Grade;
using firewall::Answer;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

const firewall::Packet outbound{
    .in = "lan0", .out = "wan0", .state = "new", .dnat = false, .sources = {}};
const firewall::Packet reply{
    .in = "wan0", .out = "lan0", .state = "established", .dnat = false, .sources = {}};
const firewall::Packet forwarded{
    .in = "wan0", .out = "lan0", .state = "new", .dnat = true, .sources = {}};

std::string chain_json(const std::string& name, const std::string& rest) {
    return fmt::format(R"({{"chain":{{"family":"inet","table":"fw","name":"{}"{}}}}})", name, rest);
}

std::string rule_json(const std::string& chain, const std::string& expressions) {
    return fmt::format(
        R"(,{{"rule":{{"family":"inet","table":"fw","chain":"{}","handle":7,"expr":[{}]}}}})",
        chain, expressions);
}

// Chain `c` with these rules, and `d` that it may jump to; "@lans" are lan0 and lan1.
firewall::Ruleset ruleset(const std::string& policy, const std::vector<std::string>& rules,
                          const std::vector<std::string>& of_d = {}) {
    std::string json = R"({"nftables":[{"metainfo":{"version":"1.0.6"}},)"
                       R"({"set":{"family":"inet","table":"fw","name":"lans","type":"ifname",)"
                       R"("elem":["lan0","lan1"]}},)" +
                       chain_json("c", R"(,"type":"filter","hook":"forward","prio":0,"policy":")" +
                                           policy + "\"") +
                       "," + chain_json("d", "");
    for (const std::string& each : rules) {
        json += rule_json("c", each);
    }
    for (const std::string& each : of_d) {
        json += rule_json("d", each);
    }
    return firewall::parse(json + "]}");
}

std::string match(const std::string& left, const std::string& right, const char* op = "==") {
    return fmt::format(R"({{"match":{{"op":"{}","left":{},"right":{}}}}},)", op, left, right);
}

const std::string in = R"({"meta":{"key":"iifname"}})";
const std::string out = R"({"meta":{"key":"oifname"}})";
const std::string state = R"({"ct":{"key":"state"}})";
const std::string status = R"({"ct":{"key":"status"}})";
const std::string port = R"({"payload":{"protocol":"tcp","field":"dport"}})";
const std::string accept = R"({"accept":null})";
const std::string drop = R"({"drop":null})";

Answer asked(const firewall::Packet& packet, const std::string& policy,
             const std::vector<std::string>& rules, const std::vector<std::string>& of_d = {}) {
    const firewall::Ruleset all = ruleset(policy, rules, of_d);
    return firewall::accepts(all, all.chains.front(), packet);
}

TEST(Firewall, ThePolicyDecidesWhereNoRuleDoes) {
    EXPECT_EQ(asked(outbound, "accept", {}), Answer::yes);
    EXPECT_EQ(asked(outbound, "drop", {}), Answer::no);
}

TEST(Firewall, MatchesInterfaces) {
    EXPECT_EQ(asked(outbound, "drop", {match(in, R"("lan0")") + accept}), Answer::yes);
    EXPECT_EQ(asked(outbound, "drop", {match(in, R"("lan9")") + accept}), Answer::no);
    EXPECT_EQ(asked(outbound, "drop", {match(in, R"({"set":["lan9","lan0"]})") + accept}),
              Answer::yes);
    EXPECT_EQ(asked(outbound, "drop", {match(in, R"("@lans")") + accept}), Answer::yes);
    EXPECT_EQ(asked(outbound, "drop", {match(in, R"("@others")") + accept}), Answer::perhaps);
    EXPECT_EQ(asked(outbound, "drop", {match(out, R"("wan*")") + accept}), Answer::yes);
    EXPECT_EQ(asked(outbound, "drop", {match(out, R"("docker0")", "!=") + accept}), Answer::yes);
    EXPECT_EQ(asked(outbound, "drop", {match(in, R"("lan0")", "!=") + accept}), Answer::no);
}

TEST(Firewall, MatchesStates) {
    const std::string replies = match(state, R"(["established","related"])", "in") + accept;
    EXPECT_EQ(asked(outbound, "drop", {replies}), Answer::no);
    EXPECT_EQ(asked(reply, "drop", {replies}), Answer::yes);
    const std::string redirected = match(status, R"("dnat")", "in") + accept;
    EXPECT_EQ(asked(outbound, "drop", {redirected}), Answer::no);
    EXPECT_EQ(asked(forwarded, "drop", {redirected}), Answer::yes);
}

TEST(Firewall, WhatIsNotUnderstoodIsPerhaps) {
    EXPECT_EQ(asked(outbound, "drop", {match(port, "443") + accept}), Answer::perhaps);
    EXPECT_EQ(asked(outbound, "accept", {match(port, "25") + drop}), Answer::yes);
}

TEST(Firewall, WhatIsOfIpv6DoesNotApply) {
    const std::string ipv6 = R"({"payload":{"protocol":"ip6","field":"saddr"}})";
    EXPECT_EQ(asked(outbound, "drop", {match(ipv6, R"("2001:db8::1")") + accept}), Answer::no);
    EXPECT_EQ(
        asked(outbound, "drop", {match(R"({"meta":{"key":"nfproto"}})", R"("ipv6")") + accept}),
        Answer::no);
}

TEST(Firewall, TheFirstVerdictCounts) {
    EXPECT_EQ(asked(outbound, "accept", {drop, accept}), Answer::no);
    EXPECT_EQ(asked(outbound, "accept", {R"({"reject":{"type":"icmpx"}})"}), Answer::no);
    EXPECT_EQ(asked(outbound, "drop", {accept, drop}), Answer::yes);
}

TEST(Firewall, FollowsJumps) {
    const std::string jump = R"({"jump":{"target":"d"}})";
    const std::string go_to = R"({"goto":{"target":"d"}})";
    EXPECT_EQ(asked(outbound, "drop", {jump}, {accept}), Answer::yes);
    EXPECT_EQ(asked(outbound, "drop", {jump, accept}, {R"({"return":null})", drop}), Answer::yes);
    EXPECT_EQ(asked(outbound, "drop", {go_to, accept}, {}), Answer::no);
    EXPECT_EQ(asked(outbound, "drop", {match(port, "443") + jump}, {accept}), Answer::perhaps);
}

TEST(Firewall, ReadsVerdictMaps) {
    const std::string states =
        R"({"vmap":{"key":{"ct":{"key":"state"}},"data":{"set":[["established",{"accept":null}],)"
        R"(["invalid",{"drop":null}]]}}})";
    EXPECT_EQ(asked(reply, "drop", {states}), Answer::yes);
    EXPECT_EQ(asked(outbound, "drop", {states}), Answer::no);
    const std::string pairs =
        R"({"vmap":{"key":{"concat":[{"meta":{"key":"iifname"}},{"meta":{"key":"oifname"}}]},)"
        R"("data":{"set":[[{"concat":["lan0","wan0"]},{"accept":null}]]}}})";
    EXPECT_EQ(asked(outbound, "drop", {pairs}), Answer::yes);
    EXPECT_EQ(asked(reply, "drop", {pairs}), Answer::no);
}

// As `nft -j` lists what `iptables -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT` makes.
TEST(Firewall, ConntrackMatchOfIptablesIsForReplies) {
    const std::string rule = R"({"xt":{"type":"match","name":"conntrack"}},{"accept":null})";
    EXPECT_EQ(asked(outbound, "drop", {rule}), Answer::no);
    EXPECT_EQ(asked(reply, "drop", {rule}), Answer::perhaps);
    EXPECT_EQ(asked(forwarded, "drop", {rule}), Answer::perhaps);
}

Config sides() {
    Config config;
    config.internal = {"lan0"};
    config.external = {"wan0"};
    return config;
}

testing::Matcher<Finding> finding(Grade grade, const char* found, const char* remedy) {
    return AllOf(Field(&Finding::grade, grade), Field(&Finding::found, HasSubstr(found)),
                 Field(&Finding::remedy, HasSubstr(remedy)));
}

TEST(DoctorForwardChains, NamesWhatIsDroppedAndTheRuleThatHelps) {
    EXPECT_THAT(
        doctor::judge_forward_chains(ruleset("drop", {}), sides()),
        ElementsAre(finding(Grade::bad, "inet fw c' drops new sessions from 'lan0' to 'wan0'",
                            "nft 'insert rule inet fw c iifname \"lan0\" oifname \"wan0\" accept'"),
                    finding(Grade::bad, "drops replies from 'wan0' to 'lan0'",
                            "iifname \"wan0\" oifname \"lan0\" ct state established,related")));
}

TEST(DoctorForwardChains, AsksForWhatIsForwardedToo) {
    Config config = sides();
    config.forwards.emplace_back();
    const auto replies_and_new = {match(state, R"(["established","related"])", "in") + accept,
                                  match(in, R"("lan0")") + accept};
    EXPECT_THAT(doctor::judge_forward_chains(ruleset("drop", replies_and_new), sides()),
                Each(Field(&Finding::grade, Grade::good)));
    EXPECT_THAT(doctor::judge_forward_chains(ruleset("drop", replies_and_new), config),
                ElementsAre(finding(Grade::bad, "let in from outside", "ct status dnat")));
}

TEST(DoctorOtherNat, NamesRulesThatConcernOurInterfaces) {
    const std::string masquerade = R"({"masquerade":null})";
    const auto judged = [](const std::string& rule) {
        return doctor::judge_other_nat(ruleset("accept", {rule}), sides(),
                                       {*IpPrefix::parse("10.0.0.1/24")});
    };
    EXPECT_THAT(judged(match(out, R"("wan0")") + masquerade),
                ElementsAre(finding(Grade::warning, "inet fw c' has a masquerade rule",
                                    "nft delete rule inet fw c handle 7")));
    EXPECT_THAT(judged(match(out, R"("wan9")") + masquerade),
                ElementsAre(Field(&Finding::grade, Grade::good)));
    const std::string source = R"({"payload":{"protocol":"ip","field":"saddr"}})";
    EXPECT_THAT(judged(match(source, R"({"prefix":{"addr":"172.17.0.0","len":16}})") + masquerade),
                ElementsAre(Field(&Finding::grade, Grade::good)));
    EXPECT_THAT(judged(match(source, R"({"prefix":{"addr":"10.0.0.0","len":8}})") + masquerade),
                ElementsAre(Field(&Finding::grade, Grade::warning)));
    EXPECT_THAT(judged(R"({"xt":{"type":"target","name":"DNAT"}})"),
                ElementsAre(finding(Grade::warning, "dnat rule", "--forward")));
}

TEST(DoctorMarks, FindsRulesThatTakeTheBitAway) {
    const auto judged = [](const std::string& key, const std::string& value) {
        const std::string mangle = R"({"mangle":{"key":)" + key + R"(,"value":)" + value + "}}";
        return doctor::judge_marks(ruleset("accept", {mangle}), sides());
    };
    const std::string connection = R"({"ct":{"key":"mark"}})";
    const std::string packet = R"({"meta":{"key":"mark"}})";
    EXPECT_THAT(judged(connection, "5"),
                ElementsAre(finding(Grade::bad, "0x5", "ct mark and 0x80000000 or 0x5")));
    EXPECT_THAT(judged(connection, R"({"|":[{"&":[{"ct":{"key":"mark"}},2147483653]},5]})"),
                ElementsAre(Field(&Finding::grade, Grade::good)));
    EXPECT_THAT(judged(packet, "2147483648"),
                ElementsAre(finding(Grade::bad, "packet mark", "--accepted-mark")));
    EXPECT_THAT(judged(packet, "5"), ElementsAre(Field(&Finding::grade, Grade::good)));
}

}  // namespace
}  // namespace ctgate

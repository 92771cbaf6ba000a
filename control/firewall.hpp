// SPDX-License-Identifier: GPL-2.0-only
// The host's nft rules, as far as they matter to a NAT beside them: where packets are forwarded,
// translated, marked, or kept from conntrack. What is not understood counts as "perhaps".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/ip.hpp"

namespace ctgate::firewall {

// What a match looks at. xt_conntrack: iptables' match of that name, of which nft does not show
// what it is about. ipv6: something that IPv4 packets do not have.
enum class Subject { input, output, source, state, status, xt_conntrack, ipv6, other };

struct Match {
    Subject subject = Subject::other;
    bool equal = true;                // else: none of these
    std::vector<std::string> values;  // names, or prefixes; an interface may end in '*'
};

enum class Verdict { none, accept, drop, jump, go_to, back };

struct Rule {
    std::uint64_t handle = 0;
    std::vector<Match> matches;
    Verdict verdict = Verdict::none;
    std::string target;  // chain of jump and goto
    std::string nat;     // "masquerade", "snat", "dnat", "redirect"; empty: none
    // The whole mark becomes this number. nullopt: it does not, or keeps bits.
    std::optional<std::uint64_t> connection_mark, packet_mark;
    bool may_mark = false;  // sets the connection mark in a way that nft cannot show
    bool untracked = false;
    bool zone = false;
};

struct Chain {
    std::string family, table, name;
    std::string hook;    // empty: not a base chain
    bool drops = false;  // policy
    std::vector<Rule> rules;

    std::string text() const { return family + " " + table + " " + name; }
};

// Of families ip and inet, without our own table.
struct Ruleset {
    std::vector<Chain> chains;

    const Chain* find(const Chain& beside, const std::string& name) const;
};

// `json`: what `nft -j list ruleset` prints.
Ruleset parse(const std::string& json);
// Of the network namespace the thread is in.
Ruleset read();

// A packet to be forwarded. Empty: any.
struct Packet {
    std::string in, out;
    std::string state;  // of conntrack: "new", "established"
    bool dnat = false;
    std::vector<IpPrefix> sources;  // it comes from one of these networks
};

enum class Answer { no, perhaps, yes };

Answer applies(const Rule& rule, const Packet& packet);
// Does the base chain let it pass? perhaps: some such packets.
Answer accepts(const Ruleset& ruleset, const Chain& base, const Packet& packet);

}  // namespace ctgate::firewall

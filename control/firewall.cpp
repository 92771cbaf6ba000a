// SPDX-License-Identifier: GPL-2.0-only
// The walk of a packet through a chain.
#include "control/firewall.hpp"

#include <algorithm>

namespace ctgate::firewall {
namespace {

constexpr int most_jumps = 16;  // NFT_JUMP_STACK_SIZE

enum class Outcome { passed_on, accepted, dropped };

bool names(const std::string& pattern, const std::string& name) {
    return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                                  : pattern == name;
}

Answer answer(bool yes) {
    return yes ? Answer::yes : Answer::no;
}

Answer has_name(const Match& match, const std::string& name) {
    if (name.empty()) {
        return Answer::perhaps;
    }
    const bool found = std::any_of(match.values.begin(), match.values.end(),
                                   [&](const std::string& each) { return names(each, name); });
    return answer(found == match.equal);
}

Answer has_status(const Match& match, bool dnat) {
    if (match.values != std::vector<std::string>{"dnat"}) {
        return Answer::perhaps;
    }
    return answer(dnat == match.equal);
}

bool overlap(const IpPrefix& one, const IpPrefix& other) {
    return one.contains(other.network()) || other.contains(one.network());
}

Answer has_source(const Match& match, const std::vector<IpPrefix>& sources) {
    const auto is_source = [&](const std::string& text) {
        const auto prefix = IpPrefix::parse(text);
        return !prefix || std::any_of(sources.begin(), sources.end(),
                                      [&](const IpPrefix& each) { return overlap(*prefix, each); });
    };
    const bool excluded = match.equal && !sources.empty() &&
                          std::none_of(match.values.begin(), match.values.end(), is_source);
    return excluded ? Answer::no : Answer::perhaps;
}

// Most often it lets replies pass, and perhaps what was redirected.
Answer has_xt_conntrack(const Packet& packet) {
    return packet.state == "new" && !packet.dnat ? Answer::no : Answer::perhaps;
}

Answer applies(const Match& match, const Packet& packet) {
    switch (match.subject) {
        case Subject::input:
            return has_name(match, packet.in);
        case Subject::output:
            return has_name(match, packet.out);
        case Subject::source:
            return has_source(match, packet.sources);
        case Subject::xt_conntrack:
            return has_xt_conntrack(packet);
        case Subject::state:
            return has_name(match, packet.state);
        case Subject::status:
            return has_status(match, packet.dnat);
        case Subject::ipv6:
            return Answer::no;
        case Subject::other:
            break;
    }
    return Answer::perhaps;
}

class Walk {
  public:
    Walk(const Ruleset& ruleset, const Packet& packet) : ruleset_(ruleset), packet_(packet) {}

    Outcome through(const Chain& chain, int depth = 0) {
        for (const Rule& rule : chain.rules) {
            const Answer here = firewall::applies(rule, packet_);
            if (here == Answer::no) {
                continue;
            }
            Outcome outcome = Outcome::passed_on;
            if (rule.verdict == Verdict::accept) {
                outcome = Outcome::accepted;
            } else if (rule.verdict == Verdict::drop) {
                outcome = Outcome::dropped;
            } else if (const Chain* target = ruleset_.find(chain, rule.target);
                       target != nullptr && depth < most_jumps) {
                outcome = through(*target, depth + 1);
            }
            perhaps_ = perhaps_ || outcome == Outcome::accepted;
            const bool ends = outcome != Outcome::passed_on || rule.verdict == Verdict::back ||
                              rule.verdict == Verdict::go_to;
            if (ends && here == Answer::yes) {
                return outcome;
            }
        }
        return Outcome::passed_on;
    }

    // Some packet like it is accepted.
    bool perhaps() const { return perhaps_; }

  private:
    const Ruleset& ruleset_;
    const Packet& packet_;
    bool perhaps_ = false;
};

}  // namespace

const Chain* Ruleset::find(const Chain& beside, const std::string& name) const {
    const auto found = std::find_if(chains.begin(), chains.end(), [&](const Chain& each) {
        return each.family == beside.family && each.table == beside.table && each.name == name;
    });
    return name.empty() || found == chains.end() ? nullptr : &*found;
}

Answer applies(const Rule& rule, const Packet& packet) {
    Answer all = Answer::yes;
    for (const Match& match : rule.matches) {
        all = std::min(all, applies(match, packet));
    }
    return all;
}

Answer accepts(const Ruleset& ruleset, const Chain& base, const Packet& packet) {
    Walk walk(ruleset, packet);
    const Outcome outcome = walk.through(base);
    if (outcome == Outcome::accepted || (outcome == Outcome::passed_on && !base.drops)) {
        return Answer::yes;
    }
    return walk.perhaps() ? Answer::perhaps : Answer::no;
}

}  // namespace ctgate::firewall

// SPDX-License-Identifier: GPL-2.0-only
// nft's JSON (libnftables-json(5)) as a firewall::Ruleset.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "control/firewall.hpp"
#include "control/nft.hpp"

namespace ctgate::firewall {
namespace {

using nlohmann::json;

// Values of a named set by "family table @name".
using Sets = std::map<std::string, std::vector<std::string>>;

std::string word(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string path_of(const json& object) {
    return word(object, "family") + " " + word(object, "table") + " ";
}

// Is it {KIND: {"key": KEY}}?
bool is_key(const json& expression, const char* kind, const char* key) {
    return expression.is_object() && expression.contains(kind) && expression[kind].is_object() &&
           word(expression[kind], "key") == key;
}

Subject subject_of(const json& left) {
    if (is_key(left, "meta", "iifname") || is_key(left, "meta", "iif")) {
        return Subject::input;
    }
    if (is_key(left, "meta", "oifname") || is_key(left, "meta", "oif")) {
        return Subject::output;
    }
    if (is_key(left, "ct", "state")) {
        return Subject::state;
    }
    if (is_key(left, "ct", "status")) {
        return Subject::status;
    }
    if (left.is_object() && left.contains("payload")) {
        const std::string protocol = word(left["payload"], "protocol");
        if (protocol == "ip6" || protocol == "icmpv6") {
            return Subject::ipv6;
        }
        if (protocol == "ip" && word(left["payload"], "field") == "saddr") {
            return Subject::source;
        }
    }
    return Subject::other;
}

// Words of a value, a list or a set; prefixes as ADDRESS/LENGTH. False: there is something else in
// it.
bool take_words(const json& right, std::vector<std::string>& words) {
    if (right.is_string()) {
        words.push_back(right);
        return true;
    }
    if (right.is_object() && right.contains("prefix")) {
        const json& prefix = right["prefix"];
        words.push_back(word(prefix, "addr") + "/" + std::to_string(prefix.value("len", 0)));
        return true;
    }
    const json& list = right.is_object() && right.contains("set") ? right["set"] : right;
    return list.is_array() && std::all_of(list.begin(), list.end(), [&](const json& each) {
               return take_words(each, words);
           });
}

Match to_match(const json& left, const json& right, bool equal, const std::string& path,
               const Sets& sets) {
    Match match{subject_of(left), equal, {}};
    if (is_key(left, "meta", "nfproto")) {
        const bool ipv6 = right == "ipv6";
        match.subject = ipv6 == equal ? Subject::ipv6 : Subject::other;
    } else if (match.subject == Subject::ipv6) {
        return match;
    } else if (right.is_string() && right.get<std::string>().starts_with('@')) {
        const auto set = sets.find(path + right.get<std::string>());
        if (set == sets.end()) {
            match.subject = Subject::other;
        } else {
            match.values = set->second;
        }
    } else if (!take_words(right, match.values)) {
        match.subject = Subject::other;
    }
    return match;
}

// Of {"accept": null}, {"jump": {"target": NAME}} and such.
bool take_verdict(const json& expression, Rule& rule) {
    static const std::map<std::string, Verdict> verdicts = {
        {"accept", Verdict::accept}, {"drop", Verdict::drop},  {"reject", Verdict::drop},
        {"jump", Verdict::jump},     {"goto", Verdict::go_to}, {"return", Verdict::back}};
    const auto found = verdicts.find(expression.begin().key());
    if (found == verdicts.end()) {
        return false;
    }
    rule.verdict = found->second;
    if (expression.begin()->is_object()) {
        rule.target = word(*expression.begin(), "target");
    }
    return true;
}

// Of iptables' matches and targets nft knows the names only.
void take_xtables(const std::string& name, Rule& rule) {
    if (name == "MASQUERADE" || name == "SNAT" || name == "DNAT" || name == "REDIRECT") {
        rule.nat = name;
        std::transform(rule.nat.begin(), rule.nat.end(), rule.nat.begin(),
                       [](unsigned char each) { return std::tolower(each); });
    } else if (name == "REJECT") {
        rule.verdict = Verdict::drop;
    } else if (name == "CONNMARK") {
        rule.may_mark = true;
    } else if (name == "conntrack" || name == "state") {
        rule.matches.push_back({Subject::xt_conntrack, true, {}});
    } else {
        rule.matches.push_back({});
    }
}

void take_mangle(const json& mangle, Rule& rule) {
    const json& key = mangle.value("key", json());
    const json& value = mangle.value("value", json());
    if (is_key(key, "ct", "zone")) {
        rule.zone = true;
    } else if (value.is_number_unsigned() && is_key(key, "ct", "mark")) {
        rule.connection_mark = value.get<std::uint64_t>();
    } else if (value.is_number_unsigned() && is_key(key, "meta", "mark")) {
        rule.packet_mark = value.get<std::uint64_t>();
    }
}

void take_expression(const json& expression, const std::string& path, const Sets& sets,
                     Rule& rule) {
    if (!expression.is_object() || expression.empty() || take_verdict(expression, rule)) {
        return;
    }
    const std::string kind = expression.begin().key();
    const json& body = *expression.begin();
    if (kind == "match") {
        rule.matches.push_back(to_match(body.value("left", json()), body.value("right", json()),
                                        word(body, "op") != "!=", path, sets));
    } else if (kind == "masquerade" || kind == "snat" || kind == "dnat" || kind == "redirect") {
        rule.nat = kind;
    } else if (kind == "mangle") {
        take_mangle(body, rule);
    } else if (kind == "notrack") {
        rule.untracked = true;
    } else if (kind == "xt" && body.is_object()) {
        take_xtables(word(body, "name"), rule);
    } else if (kind == "limit" || kind == "quota") {
        rule.matches.push_back({});
    }
}

// A verdict map is as many rules, one for each of its elements.
std::vector<Rule> expand(const json& map, const Rule& before, const std::string& path,
                         const Sets& sets) {
    std::vector<Rule> rules;
    const json& key = map.value("key", json());
    const json& data = map.value("data", json());
    if (!data.is_object() || !data.contains("set")) {  // a named map
        Rule unknown = before;
        unknown.matches.push_back({});
        unknown.verdict = Verdict::accept;
        return {unknown};
    }
    for (const json& element : data["set"]) {
        Rule rule = before;
        if (!element.is_array() || element.size() != 2 || !element[1].is_object() ||
            element[1].empty()) {
            continue;
        }
        const bool several = key.is_object() && key.contains("concat") && element[0].is_object() &&
                             element[0].contains("concat") &&
                             element[0]["concat"].size() == key["concat"].size();
        if (several) {
            for (std::size_t n = 0; n < key["concat"].size(); ++n) {
                rule.matches.push_back(
                    to_match(key["concat"][n], element[0]["concat"][n], true, path, sets));
            }
        } else {
            rule.matches.push_back(to_match(key, element[0], true, path, sets));
        }
        take_verdict(element[1], rule);
        rules.push_back(rule);
    }
    return rules;
}

std::vector<Rule> to_rules(const json& object, const Sets& sets) {
    Rule rule;
    rule.handle = object.value("handle", std::uint64_t{0});
    const std::string path = path_of(object);
    for (const json& expression : object.value("expr", json::array())) {
        if (expression.is_object() && expression.contains("vmap")) {
            return expand(expression["vmap"], rule, path, sets);
        }
        take_expression(expression, path, sets, rule);
    }
    return {rule};
}

Chain to_chain(const json& object) {
    Chain chain;
    chain.family = word(object, "family");
    chain.table = word(object, "table");
    chain.name = word(object, "name");
    chain.hook = word(object, "hook");
    chain.drops = word(object, "policy") == "drop";
    return chain;
}

bool concerns_us(const json& object) {
    const std::string family = word(object, "family");
    return family == "inet" || (family == "ip" && word(object, "table") != "ctgate");
}

}  // namespace

Ruleset parse(const std::string& text) {
    Ruleset ruleset;
    Sets sets;
    const json document = json::parse(text);
    const json& objects = document.at("nftables");
    for (const json& each : objects) {
        if (const auto chain = each.find("chain"); chain != each.end() && concerns_us(*chain)) {
            ruleset.chains.push_back(to_chain(*chain));
        } else if (const auto set = each.find("set"); set != each.end()) {
            std::vector<std::string> words;
            if (take_words(set->value("elem", json::array()), words)) {
                sets[path_of(*set) + "@" + word(*set, "name")] = words;
            }
        }
    }
    for (const json& each : objects) {
        const auto rule = each.find("rule");
        if (rule == each.end() || !concerns_us(*rule)) {
            continue;
        }
        const std::string path = path_of(*rule) + word(*rule, "chain");
        const auto chain = std::find_if(ruleset.chains.begin(), ruleset.chains.end(),
                                        [&](const Chain& one) { return one.text() == path; });
        if (chain != ruleset.chains.end()) {
            const std::vector<Rule> rules = to_rules(*rule, sets);
            chain->rules.insert(chain->rules.end(), rules.begin(), rules.end());
        }
    }
    return ruleset;
}

Ruleset read() {
    return parse(nft::run("list ruleset", "Cannot list the nft tables", nft::Format::json));
}

}  // namespace ctgate::firewall

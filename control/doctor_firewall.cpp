// SPDX-License-Identifier: GPL-2.0-only
// What other rules on this machine do to sessions.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "control/doctor.hpp"
#include "control/doctor_firewall.hpp"

namespace ctgate::doctor {
namespace {

using firewall::Answer;
using firewall::Chain;
using firewall::Packet;
using firewall::Rule;

const char* const unlisted = "the nft tables cannot be listed";

std::string delete_command(const Chain& chain, const Rule& rule) {
    return fmt::format("nft delete rule {} handle {}", chain.text(), rule.handle);
}

std::vector<std::string> served(const Config& config) {
    std::vector<std::string> all = config.internal;
    all.insert(all.end(), config.external.begin(), config.external.end());
    return all;
}

// To a packet between two of these; any interface where none is named.
bool may_apply(const Rule& rule, const std::vector<std::string>& from,
               const std::vector<std::string>& to, const std::vector<IpPrefix>& sources = {}) {
    const std::vector<std::string> any = {""};
    for (const std::string& in : from.empty() ? any : from) {
        for (const std::string& out : to.empty() ? any : to) {
            const Packet packet{
                .in = in, .out = out, .state = "", .dnat = false, .sources = sources};
            if (applies(rule, packet) != Answer::no) {
                return true;
            }
        }
    }
    return false;
}

Findings other_nat(const Patient& patient) {
    if (!patient.ruleset_error.empty()) {
        return {not_applicable(unlisted)};
    }
    return judge_other_nat(patient.ruleset, patient.config, patient.inside);
}

template <auto judge>
Findings of_rules(const Patient& patient) {
    return patient.ruleset_error.empty() ? judge(patient.ruleset, patient.config)
                                         : Findings{not_applicable(unlisted)};
}

std::vector<std::string> legacy_tables() {
    std::ifstream file("/proc/net/ip_tables_names");
    return {std::istream_iterator<std::string>(file), {}};
}

Findings legacy(const Patient&) {
    const std::vector<std::string> tables = legacy_tables();
    if (tables.empty()) {
        return {good("none")};
    }
    return {warning(fmt::format("iptables-legacy has tables here ({}), which this cannot look into",
                                fmt::join(tables, ", ")),
                    "look with 'iptables-legacy-save'; better have all rules in nft")};
}

Findings docker(const Patient& patient) {
    const bool chains =
        std::any_of(patient.ruleset.chains.begin(), patient.ruleset.chains.end(),
                    [](const Chain& each) { return each.name.starts_with("DOCKER"); });
    const bool bridge = std::any_of(patient.links.begin(), patient.links.end(),
                                    [](const Link& each) { return each.name == "docker0"; });
    if (!chains && !bridge) {
        return {not_applicable("not here")};
    }
    return {warning("Docker is here: each time it starts, it may set the policy of FORWARD to drop",
                    "keep rules for ctgate's interfaces in its chain DOCKER-USER: iptables -I "
                    "DOCKER-USER -i INTERNAL -o EXTERNAL -j ACCEPT; or, since Docker 28, "
                    "\"ip-forward-no-drop\": true in /etc/docker/daemon.json")};
}

constexpr Check checks[] = {{"other-nat", other_nat},
                            {"forward-chains", of_rules<judge_forward_chains>},
                            {"connection-mark", of_rules<judge_marks>},
                            {"conntrack-bypass", of_rules<judge_untracked>},
                            {"iptables-legacy", legacy},
                            {"docker", docker}};

bool is_of_source(const Rule& rule) {
    return rule.nat == "masquerade" || rule.nat == "snat";
}

Finding judge_nat(const Chain& chain, const Rule& rule) {
    const std::string found = fmt::format("chain '{}' has a {} rule", chain.text(), rule.nat);
    if (is_of_source(rule)) {
        return warning(
            fmt::format("{}: it does nothing to TCP and UDP that ctgate translates, and may give "
                        "other protocols another external address",
                        found),
            fmt::format("{} (without ctgate it is needed again)", delete_command(chain, rule)));
    }
    return warning(
        fmt::format("{}: it does not apply to what comes from inside and leaves outside", found),
        "let it match what comes from outside only (iifname), or use --forward");
}

// For what is no new session from inside.
std::string condition(const Packet& packet, bool iptables) {
    if (packet.dnat) {
        return iptables ? "-m conntrack --ctstate DNAT " : "ct status dnat ";
    }
    if (packet.state == "established") {
        return iptables ? "-m conntrack --ctstate ESTABLISHED,RELATED "
                        : "ct state established,related ";
    }
    return "";
}

// Its interfaces, as iptables or nft have them.
std::string interfaces(const Packet& packet, bool iptables) {
    std::string result;
    for (const auto& [name, words] :
         {std::pair{packet.in, iptables ? "-i {} " : "iifname \"{}\" "},
          std::pair{packet.out, iptables ? "-o {} " : "oifname \"{}\" "}}) {
        result += name.empty() ? "" : fmt::format(fmt::runtime(words), name);
    }
    return result;
}

// Ahead of all others; where Docker keeps a chain for the operator, there.
std::string accept_command(const firewall::Ruleset& ruleset, const Chain& chain,
                           const Packet& packet) {
    const bool docker = ruleset.find(chain, "DOCKER-USER") != nullptr;
    if (docker || chain.name == "FORWARD") {
        return fmt::format("iptables -I {} {}{}-j ACCEPT", docker ? "DOCKER-USER" : "FORWARD",
                           interfaces(packet, true), condition(packet, true));
    }
    return fmt::format("nft 'insert rule {} {}{}accept'", chain.text(), interfaces(packet, false),
                       condition(packet, false));
}

std::string way(const Packet& packet) {
    return packet.in.empty() ? "" : fmt::format(" from '{}' to '{}'", packet.in, packet.out);
}

struct Wish {
    Packet packet;
    const char* what;
};

// What has to pass between two interfaces.
std::vector<Wish> wishes(const std::string& internal, const std::string& external, bool inbound) {
    std::vector<Wish> result = {
        {{.in = internal, .out = external, .state = "new", .dnat = false, .sources = {}},
         "new sessions"},
        {{.in = external, .out = internal, .state = "established", .dnat = false, .sources = {}},
         "replies"}};
    if (inbound) {
        result.push_back(
            {{.in = external, .out = internal, .state = "new", .dnat = true, .sources = {}},
             "sessions that are let in from outside"});
    }
    return result;
}

void judge_connection_mark(const Chain& chain, const Rule& rule, std::uint32_t accepted,
                           Findings& problems) {
    if (rule.connection_mark && (*rule.connection_mark & accepted) == 0) {
        problems.push_back(
            bad(fmt::format("chain '{}' sets the whole connection mark to {:#x}, which takes away "
                            "ctgate's bit {:#x}: such sessions come to a halt",
                            chain.text(), *rule.connection_mark, accepted),
                fmt::format("in the rule of handle {}: ct mark set ct mark and {:#x} or {:#x}",
                            rule.handle, accepted, *rule.connection_mark)));
    } else if (rule.may_mark) {
        problems.push_back(warning(
            fmt::format("a rule of iptables in chain '{}' sets the connection mark; it must "
                        "leave ctgate's bit {:#x} alone",
                        chain.text(), accepted),
            fmt::format("give it a mask: --set-mark VALUE/{:#x}", ~accepted)));
    }
}

void judge_packet_mark(const Chain& chain, const Rule& rule, std::uint32_t accepted,
                       Findings& problems) {
    if (rule.packet_mark && (*rule.packet_mark & accepted) != 0) {
        problems.push_back(bad(
            fmt::format("chain '{}' sets ctgate's bit {:#x} in the packet mark: new sessions of "
                        "such packets are refused",
                        chain.text(), accepted),
            fmt::format("--accepted-mark, another bit; or {}", delete_command(chain, rule))));
    }
}

}  // namespace

// Docker's own rules, in chains of its own, are about its containers.
Findings judge_other_nat(const firewall::Ruleset& ruleset, const Config& config,
                         const std::vector<IpPrefix>& inside) {
    Findings problems;
    for (const Chain& chain : ruleset.chains) {
        for (const Rule& rule : chain.rules) {
            const bool ours = !rule.nat.empty() && !chain.name.starts_with("DOCKER");
            if (ours && may_apply(rule, config.internal, config.external, inside)) {
                problems.push_back(judge_nat(chain, rule));
            }
        }
    }
    return unless_good(problems, "nothing else translates here");
}

Findings judge_forward_chains(const firewall::Ruleset& ruleset, const Config& config) {
    const bool inbound = !config.forwards.empty() || !config.one_to_one.empty() || config.dmz;
    const std::vector<std::string> any = {""};
    Findings problems;
    for (const Chain& chain : ruleset.chains) {
        if (chain.hook != "forward") {
            continue;
        }
        for (const std::string& internal : config.internal.empty() ? any : config.internal) {
            for (const std::string& external : config.external.empty() ? any : config.external) {
                for (const Wish& wish : wishes(internal, external, inbound)) {
                    if (accepts(ruleset, chain, wish.packet) == Answer::no) {
                        problems.push_back(bad(fmt::format("chain '{}' drops {}{}", chain.text(),
                                                           wish.what, way(wish.packet)),
                                               accept_command(ruleset, chain, wish.packet)));
                    }
                }
            }
        }
    }
    return unless_good(problems, "let sessions pass");
}

Findings judge_marks(const firewall::Ruleset& ruleset, const Config& config) {
    Findings problems;
    for (const Chain& chain : ruleset.chains) {
        for (const Rule& rule : chain.rules) {
            if (!may_apply(rule, served(config), served(config))) {
                continue;
            }
            judge_connection_mark(chain, rule, config.accepted_mark, problems);
            judge_packet_mark(chain, rule, config.accepted_mark, problems);
        }
    }
    return unless_good(problems,
                       fmt::format("no rule touches ctgate's bit, {:#x}", config.accepted_mark));
}

// Conntrack must see what is translated, in the zone that TC looks in.
Findings judge_untracked(const firewall::Ruleset& ruleset, const Config& config) {
    Findings problems;
    for (const Chain& chain : ruleset.chains) {
        for (const Rule& rule : chain.rules) {
            if ((rule.untracked || rule.zone) && may_apply(rule, served(config), served(config))) {
                problems.push_back(warning(
                    fmt::format("chain '{}' {}: such packets are not translated", chain.text(),
                                rule.zone ? "puts packets into a conntrack zone"
                                          : "keeps packets from conntrack (notrack)"),
                    fmt::format("leave out those of ctgate's interfaces, or {}",
                                delete_command(chain, rule))));
            }
        }
    }
    return unless_good(problems, "no rule keeps packets from conntrack");
}

std::span<const Check> firewall_checks() {
    return checks;
}

}  // namespace ctgate::doctor

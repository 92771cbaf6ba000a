// SPDX-License-Identifier: GPL-2.0-only
// ctgate explain
#include "control/explain.hpp"

#include <fmt/core.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <sstream>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/netns.hpp"
#include "control/option_parts.hpp"
#include "control/option_values.hpp"
#include "control/option_words.hpp"
#include "control/selftest_packet.hpp"

namespace ctgate {
namespace {

using explain::Question;
namespace po = boost::program_options;

constexpr const char* help =
    R"(Usage: ctgate explain tcp|udp SRC:PORT DST:PORT [--interface NAME]
                      [--flags FLAG,...] [--netns NAME] [--json]

Says what would happen to such a packet that arrives now, and why, step by step: the
programs in force, the same instructions with the same constants, are run once on it,
over the configuration in force and a copy of the state. Nothing is sent, and it leaves
no trace: no entry in conntrack, no mapping, no count.

SRC:PORT and DST:PORT are as the packet has them when it arrives; one from outside is
addressed to the external endpoint. It has no options, is no fragment and fits.

  --interface NAME  where it arrives. Otherwise where the route to its source leads
  --flags FLAG,...  tcp: fin, syn, rst, ack. Otherwise a SYN
  --netns NAME      the network namespace
  --json            an object: packet (protocol, source, destination, flags,
                    interface, side), steps (stage, result, text; in this order:
                    arrival, session_cache, lookup, ended, decide, inbound, quota,
                    mapping, entry, record, route, firewall, where there is something
                    to say), translated (source, destination, exact: whether a real
                    packet would get this very port, not one at random) or null,
                    counters (that a real packet would raise), verdict (action:
                    dropped; refused, its sender being told by ICMP; short_path; stack;
                    counter; text; remedy, or null). New fields, stages and results
                    may be added.

Exit status: 0 explained; 1 it cannot arrive there, or something failed; 2 wrong usage;
3 nothing of ctgate serves this network namespace.
)";

po::options_description describe() {
    po::options_description description;
    const auto value = [] { return po::value<std::string>(); };
    description.add_options()("interface", value(), "")("flags", value(), "")("netns", value(), "")(
        "json", "")("help,h", "");
    return description;
}

std::optional<std::uint8_t> parse_flags(const std::string& text) {
    std::uint8_t flags = 0;
    for (const std::string& word : split_parts(text, ',')) {
        if (word == "fin") {
            flags |= selftest::FIN;
        } else if (word == "syn") {
            flags |= selftest::SYN;
        } else if (word == "rst") {
            flags |= selftest::RST;
        } else if (word == "ack") {
            flags |= selftest::ACK;
        } else {
            return std::nullopt;
        }
    }
    return flags;
}

void take_endpoint(const std::string& word, Endpoint& endpoint,
                   std::vector<std::string>& problems) {
    const std::optional<Endpoint> parsed = Endpoint::parse(word);
    if (!parsed || parsed->port == 0) {
        problems.push_back(fmt::format("{} is no endpoint such as 10.0.0.2:1234", quote(word)));
    } else {
        endpoint = *parsed;
    }
}

void take_positional(const std::vector<std::string>& words, RehearsedPacket& packet,
                     std::vector<std::string>& problems) {
    if (words.size() != 3) {
        problems.emplace_back("'explain' needs a packet: tcp or udp, SRC:PORT and DST:PORT");
        return;
    }
    if (const auto protocol = parse_protocol(words[0])) {
        packet.protocol = *protocol;
    } else {
        problems.push_back(fmt::format("{} is none of tcp, udp", quote(words[0])));
    }
    take_endpoint(words[1], packet.source, problems);
    take_endpoint(words[2], packet.destination, problems);
}

void take_flags(const OptionWords& given, RehearsedPacket& packet,
                std::vector<std::string>& problems) {
    if (!given.has("flags")) {
        packet.tcp_flags = packet.protocol == IPPROTO_TCP ? selftest::SYN : 0;
        return;
    }
    const std::string text = given.value_of("flags");
    const auto flags = parse_flags(text);
    if (!flags) {
        problems.push_back(
            fmt::format("--flags {} has others than fin, syn, rst, ack, with commas between them",
                        quote(text)));
    } else if (packet.protocol == IPPROTO_UDP) {
        problems.emplace_back("--flags goes with tcp; UDP has none");
    } else {
        packet.tcp_flags = *flags;
    }
}

}  // namespace

Question explain::parse(Arguments arguments) {
    OptionWords given = split_words(describe(), arguments);
    Question question;
    question.help = given.has("help");
    if (question.help) {
        return question;
    }
    std::vector<std::string> problems = std::move(given.problems);
    for (const std::string& name : given.unknown) {
        problems.push_back(fmt::format(
            "'explain' has no option {}; 'ctgate explain --help' explains it", quote(name)));
    }
    take_positional(given.positional, question.packet, problems);
    take_flags(given, question.packet, problems);
    question.interface = given.value_of("interface");
    question.netns = netns_of(given, problems);
    question.json = given.has("json");
    if (!problems.empty()) {
        throw ConfigError(std::move(problems));
    }
    return question;
}

int explain_command(Arguments arguments) {
    const Question question = explain::parse(arguments);
    if (question.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    std::optional<netns::Scope> scope;
    if (!question.netns.empty()) {
        scope.emplace(netns::open_named(question.netns));
    }
    const auto directory = RunDirectory::find();
    const auto serving = directory ? Serving::read(*directory) : std::nullopt;
    if (!serving) {
        fmt::print(stderr,
                   "ctgate: nothing serves this network namespace; --netns names another\n");
        return exit_not_serving;
    }
    RehearsedPacket packet = question.packet;
    const std::string arrival = explain::find_arrival(question, *serving, packet);
    const Rehearsal rehearsal = rehearse(*directory, *serving, packet);
    explain::Answer answer = explain::answer(*serving, packet, arrival, rehearsal);
    explain::follow_in_stack(*directory, *serving, answer);
    if (question.json) {
        explain::print_json(answer);
    } else {
        explain::print_text(answer);
    }
    return exit_success;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// ctgate whois: which internal host is behind an external endpoint.
#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/commands.hpp"
#include "control/netns.hpp"
#include "control/option_parts.hpp"
#include "control/option_table.hpp"
#include "control/option_values.hpp"
#include "control/option_words.hpp"
#include "control/options.hpp"
#include "control/serving.hpp"
#include "control/whois.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

constexpr const char* help =
    R"(Usage: ctgate whois ADDR:PORT [tcp|udp] [--netns NAME] [--json]
       ctgate whois ADDR:PORT [tcp|udp] --config FILE [OPTION...] [--json]

Names the internal host behind an external endpoint; without tcp or udp, for both.

With the options of a gateway that has --deterministic, it is computed from these
alone, as the same answer holds at any time: no gateway needs to run here, no root is
needed. The options must tell the internal prefix (--deterministic=PREFIX) and the
external addresses (--external-address), or set them up (--address).

Otherwise the gateway is asked that serves this network namespace: who has the port
now, or had it until just now, or at least its block (--port-block-size).

  --config FILE, and the other options of 'ctgate run'
  --netns NAME  the network namespace
  --json        an object: found, external (address, port), hosts: for each protocol
                and host protocol, internal (address, and port or null), how
                (deterministic, block, mapping, former mapping, forward, one-to-one,
                session) and block (low, high) or null. New fields may be added.

Exit status: 0 found; 1 nobody, or something failed; 2 wrong usage; 3 nothing of ctgate
serves this network namespace.
)";

struct Question {
    Endpoint external;
    std::vector<std::uint8_t> protocols = {IPPROTO_TCP, IPPROTO_UDP};
    ParsedOptions options;     // of the gateway, if there are any
    bool has_options = false;  // besides --netns
    std::string netns;
    bool json = false;
    bool help = false;
};

// The options of the gateway as they were given, without what whois itself takes.
std::vector<std::string> gateway_words(const OptionWords& given) {
    std::vector<std::string> words = given.unknown;
    for (const auto& [name, value] : given.options) {
        words.push_back(value.empty() ? fmt::format("--{}", name)
                                      : fmt::format("--{}={}", name, value));
    }
    return words;
}

void take_positional(const std::vector<std::string>& words, Question& question) {
    const auto endpoint = words.empty() ? std::nullopt : Endpoint::parse(words[0]);
    if (!endpoint || endpoint->port == 0 || words.size() > 2) {
        throw ConfigError(
            {"'whois' needs one external endpoint, such as 203.0.113.5:40000, and "
             "perhaps tcp or udp"});
    }
    question.external = *endpoint;
    if (words.size() == 2) {
        const auto protocol = parse_protocol(words[1]);
        if (!protocol) {
            throw ConfigError({fmt::format("{} is none of tcp, udp", quote(words[1]))});
        }
        question.protocols = {*protocol};
    }
}

Question parse(Arguments arguments) {
    std::vector<std::string> words(arguments.begin(), arguments.end());
    Question question;
    question.json = std::erase(words, "--json") > 0;
    OptionWords given = split_words(describe_options(), words);
    question.help = given.has("help");
    if (question.help) {
        return question;
    }
    question.netns = netns_of(given, given.problems);
    if (!given.problems.empty()) {
        throw ConfigError(given.problems);
    }
    take_positional(given.positional, question);
    question.has_options =
        !given.unknown.empty() || given.options.size() > (given.has("netns") ? 1U : 0U);
    if (question.has_options) {
        question.options = parse_options(gateway_words(given));
        question.netns = question.options.config.netns;
    }
    return question;
}

// nullopt: there is nobody to ask.
std::optional<std::vector<EndpointOwner>> answer(const Question& question) {
    const Config& config = question.options.config;
    if (config.deterministic) {
        return owners_by_config(config, question.external, question.protocols);
    }
    std::optional<netns::Scope> scope;
    if (!question.netns.empty()) {
        scope.emplace(netns::open_named(question.netns));
    }
    const auto directory = RunDirectory::find();
    if (!directory || !Serving::read(*directory)) {
        return std::nullopt;
    }
    return owners_now(*directory, question.external, question.protocols);
}

ordered_json to_json(const EndpointOwner& owner) {
    return {
        {"protocol", protocol_word(owner.protocol)},
        {"internal",
         {{"address", owner.internal.text()},
          {"port", owner.port ? ordered_json(*owner.port) : ordered_json(nullptr)}}},
        {"how", owner.how},
        {"block", owner.block ? ordered_json{{"low", owner.block->low}, {"high", owner.block->high}}
                              : ordered_json(nullptr)}};
}

void print_json(const Endpoint& external, const std::vector<EndpointOwner>& owners) {
    ordered_json hosts = ordered_json::array();
    for (const EndpointOwner& each : owners) {
        hosts.push_back(to_json(each));
    }
    const ordered_json json = {
        {"found", !owners.empty()},
        {"external", {{"address", external.address.text()}, {"port", external.port}}},
        {"hosts", hosts}};
    fmt::print("{}\n", json.dump(2));
}

void print_text(const Endpoint& external, const std::vector<EndpointOwner>& owners) {
    if (owners.empty()) {
        fmt::print("{} is nobody's\n", external.text());
    }
    for (const EndpointOwner& each : owners) {
        const std::string internal =
            each.port ? Endpoint{each.internal, *each.port}.text() : each.internal.text();
        const std::string block =
            each.block ? fmt::format(", block {}-{}", each.block->low, each.block->high) : "";
        fmt::print("{} {} is {} ({}{})\n", protocol_word(each.protocol), external.text(), internal,
                   each.how, block);
    }
}

}  // namespace

int whois_command(Arguments arguments) {
    const Question question = parse(arguments);
    if (question.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    const auto owners = answer(question);
    if (!owners) {
        fmt::print(stderr,
                   "ctgate: nothing serves this network namespace; --netns names another, and with "
                   "the options of a gateway that has --deterministic none is needed\n");
        return exit_not_serving;
    }
    if (question.json) {
        print_json(question.external, *owners);
    } else {
        print_text(question.external, *owners);
    }
    return owners->empty() ? exit_failure : exit_success;
}

}  // namespace ctgate

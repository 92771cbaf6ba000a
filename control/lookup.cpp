// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/conntrack_names.hpp"
#include "control/netns.hpp"
#include "control/netns_id.hpp"
#include "control/options.hpp"
#include "control/serving.hpp"
#include "control/session_json.hpp"
#include "control/session_view.hpp"
#include "control/show.hpp"
#include "control/tuple_lookup.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

constexpr const char* help =
    R"(Usage: ctgate lookup --proto tcp|udp SRC:PORT DST:PORT [--netns NAME] [--json]

Looks one tuple up in conntrack with bpf_skb_ct_lookup, as the dataplane does for
each packet, and prints the entry: the direction of the tuple within it, both of
its tuples, what is translated to what, its state, status, timeout and mark.
SRC:PORT and DST:PORT are as the sender of the packet writes them; a packet from
outside is addressed to the external endpoint.

  --proto PROTO  tcp, udp, or a protocol number (the kernel refuses all others)
  --netns NAME   look in this network namespace, by its id. The namespace needs an
                 id as seen from the current one; where it has none ('ip netns
                 list-id' shows them) the kernel is asked to give it one, which
                 stays until the namespace ends.
  --json         an object: found, protocol, query; then, if found: direction,
                 state, nat, internal, external, remote, timeout, accepted, mark,
                 status, original, reply, as in 'show sessions --json'; else error
                 with name, number and meaning

Exit status: 0 found; 1 no entry, or an error, which is printed by its name and
meaning; 2 wrong usage.
)";

struct Question {
    TupleQuery query;
    CommonOptions options;
};

std::optional<std::uint8_t> parse_protocol(const std::string& text) {
    if (text == "tcp" || text == "udp") {
        return text == "tcp" ? IPPROTO_TCP : IPPROTO_UDP;
    }
    std::uint8_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || rest != end) {
        return std::nullopt;
    }
    return number;
}

// Takes "--proto X" and "--proto=X" out of `words`; the last one counts.
std::optional<std::string> take_protocol(std::vector<std::string>& words) {
    std::optional<std::string> result;
    for (auto word = words.begin(); word != words.end();) {
        if (word->starts_with("--proto=")) {
            result = word->substr(sizeof("--proto=") - 1);
            word = words.erase(word);
        } else if (*word == "--proto") {
            word = words.erase(word);
            result = word == words.end() ? "" : *word;
            word = word == words.end() ? word : words.erase(word);
        } else {
            ++word;
        }
    }
    return result;
}

Question parse(Arguments arguments) {
    std::vector<std::string> words(arguments.begin(), arguments.end());
    const std::optional<std::string> protocol = take_protocol(words);
    Question question{{}, parse_common("lookup", words)};
    if (question.options.help) {
        return question;
    }
    std::vector<std::string> problems;
    if (!protocol || !parse_protocol(*protocol)) {
        problems.push_back("'lookup' needs --proto tcp or --proto udp");
    } else {
        question.query.protocol = *parse_protocol(*protocol);
    }
    const std::vector<std::string>& positional = question.options.positional;
    if (positional.size() != 2) {
        problems.push_back("'lookup' needs two endpoints, SRC:PORT and DST:PORT");
        throw ConfigError(problems);
    }
    for (const std::string& word : positional) {
        const std::optional<Endpoint> endpoint = Endpoint::parse(word);
        if (!endpoint) {
            problems.push_back(fmt::format("'{}' is no endpoint such as 10.0.0.2:1234", word));
            continue;
        }
        (&word == positional.data() ? question.query.source : question.query.destination) =
            *endpoint;
    }
    if (!problems.empty()) {
        throw ConfigError(problems);
    }
    return question;
}

std::int32_t netns_id(const std::string& name) {
    if (name.empty()) {
        return current_netns;
    }
    const FileDescriptor ns = netns::open_named(name);
    return netns::same(ns, netns::open_current()) ? current_netns : netns::id_of(ns);
}

std::uint32_t accepted_mark_in(const std::string& netns) {
    std::optional<netns::Scope> scope;
    if (!netns.empty()) {
        scope.emplace(netns::open_named(netns));
    }
    return accepted_mark_in_force();
}

std::string arrow(const Endpoint& from, const Endpoint& to) {
    return fmt::format("{} -> {}", from.text(), to.text());
}

void print_nat(const Session& session) {
    const Nat nat = view(session).nat;
    if (nat == Nat::none) {
        fmt::print("  nat        none\n");
    }
    if (nat == Nat::source || nat == Nat::both) {
        fmt::print("  nat        source {} is translated to {}\n", session.source.text(),
                   session.reply_destination.text());
    }
    if (nat == Nat::destination || nat == Nat::both) {
        fmt::print("  nat        destination {} is translated to {}\n", session.destination.text(),
                   session.reply_source.text());
    }
}

void print_text(const TupleQuery& query, const TupleAnswer& answer, std::uint32_t accepted_mark) {
    const std::string asked = fmt::format("{} {}", conntrack::protocol_name(query.protocol),
                                          arrow(query.source, query.destination));
    if (answer.error != 0) {
        const LookupError error = lookup_error(answer.error);
        fmt::print("{}{}: {} ({}): {}\n", answer.error == ENOENT ? "no entry: " : "", asked,
                   error.name, error.number, error.meaning);
        return;
    }
    const Session& session = answer.session;
    fmt::print("{}: {} direction\n", asked, answer.reply ? "reply" : "original");
    fmt::print("  original   {}\n", arrow(session.source, session.destination));
    fmt::print("  reply      {}\n", arrow(session.reply_source, session.reply_destination));
    print_nat(session);
    fmt::print("  state      {}\n", view(session).state);
    fmt::print("  status     {}\n", fmt::join(conntrack::status_names(session.status), " "));
    fmt::print("  timeout    {} s\n", session.timeout);
    fmt::print("  mark       {:#010x}, {} by the host's firewall\n", session.mark,
               session.mark & accepted_mark ? "accepted" : "not accepted");
}

void print_json(const TupleQuery& query, const TupleAnswer& answer, std::uint32_t accepted_mark) {
    const auto end = [](const Endpoint& endpoint) {
        return ordered_json{{"address", endpoint.address.text()}, {"port", endpoint.port}};
    };
    ordered_json json = {
        {"found", answer.error == 0},
        {"protocol", conntrack::protocol_name(query.protocol)},
        {"query", {{"source", end(query.source)}, {"destination", end(query.destination)}}}};
    if (answer.error != 0) {
        const LookupError error = lookup_error(answer.error);
        json["error"] = {
            {"name", error.name}, {"number", error.number}, {"meaning", error.meaning}};
    } else {
        json["direction"] = answer.reply ? "reply" : "original";
        json.update(session_json(answer.session, accepted_mark));
    }
    fmt::print("{}\n", json.dump(2));
}

}  // namespace

int lookup_command(Arguments arguments) {
    Question question = parse(arguments);
    if (question.options.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    question.query.netns_id = netns_id(question.options.netns);
    const TupleAnswer answer = look_up(question.query);
    const std::uint32_t accepted_mark = accepted_mark_in(question.options.netns);
    if (question.options.json) {
        print_json(question.query, answer, accepted_mark);
    } else {
        print_text(question.query, answer, accepted_mark);
    }
    return answer.error == 0 ? exit_success : exit_failure;
}

}  // namespace ctgate

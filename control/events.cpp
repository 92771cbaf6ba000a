// SPDX-License-Identifier: GPL-2.0-only
// ctgate events: what happens, as it happens.
#include <fmt/core.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/event_filter.hpp"
#include "control/event_reader.hpp"
#include "control/netns.hpp"
#include "control/number.hpp"
#include "control/option_values.hpp"
#include "control/option_words.hpp"
#include "control/options.hpp"
#include "control/show.hpp"

namespace ctgate {
namespace {

constexpr const char* help =
    R"(Usage: ctgate events [--kind KIND]... [--host ADDR] [--count N] [--netns NAME]
                     [--json]

Prints what happens in the gateway of this network namespace, or of the named one,
as it happens: one line each with time (UTC), kind, protocol, internal, external
and remote endpoint, and reason. Until SIGINT or SIGTERM.

  --kind KIND   only events of this kind; may be repeated
  --host ADDR   only those of this address, at whatever end
  --count N     end after so many
  --netns NAME  of this network namespace
  --json        each line is an object, with the fields below; new ones may come

Kinds:
  mapping_created, mapping_ended   endpoint-independent mappings
  session_created, session_ended   reason: expired, closed (TCP), deleted,
                                   replaced. Known up to a second later than it
                                   was, more with a very large table.
  refused                          packets that were dropped instead of beginning
                                   or joining a session, with their endpoints as
                                   they came; reason: a drop reason of 'ctgate show
                                   counters'. At most 50 in a second for one reason;
                                   how many more there were is told with the next.
  block_taken, block_released      port blocks of internal hosts
  reloaded, reload_failed, addresses_changed, repaired, daemon_ended
                                   told by the daemon
  listening                        from here on nothing is missed (always printed)
  lost                             so many were (0: it is not known how many), of
                                   that kind, or because this reader was too slow, or
                                   nobody listened for a while (always printed)

 --json: time, event (the kind), and where it applies protocol, nat, internal,
 external, remote, addressed (hairpinning: the external endpoint that was meant),
 source, destination (each with address and port or id), ports (first and last, of
 a block), reason, message, left_out, count (of those lost).

Events are read from the daemon, by as many as want. While no daemon runs, one
'ctgate events' reads the dataplane itself.

Exit status: 0; 1 something failed; 2 wrong usage; 3 nothing of ctgate serves this
network namespace (any more).
)";

struct Request {
    CommonOptions common;
    EventFilter filter;
    std::uint64_t count = 0;  // 0: no end
};

namespace po = boost::program_options;

// With those that all commands have.
po::options_description describe() {
    po::options_description all;
    const auto with_value = [&](const char* name, const char* value) {
        all.add_options()(name, po::value<std::string>()->value_name(value), "");
    };
    with_value("kind", "KIND");
    with_value("host", "ADDR");
    with_value("count", "N");
    with_value("netns", "NAME");
    all.add_options()("json", "")("help,h", "");
    return all;
}

// False: it is none of our own.
bool take(const std::string& name, const std::string& value, Request& request,
          std::vector<std::string>& problems) {
    if (name == "kind") {
        const auto kind = kind_of(value);
        if (kind) {
            request.filter.kinds.insert(*kind);
        } else {
            problems.push_back(fmt::format("--kind {} is none of {}", quote(value), kind_names()));
        }
    } else if (name == "host") {
        request.filter.host = IpAddress::parse(value);
        if (!request.filter.host) {
            problems.push_back(
                fmt::format("--host {} is no address; write one such as 10.0.0.2", quote(value)));
        }
    } else if (name == "count") {
        request.count = parse_number<std::uint64_t>(value).value_or(0);
        if (request.count == 0) {
            problems.push_back(
                fmt::format("--count {} is no number of events from 1 on", quote(value)));
        }
    } else {
        return false;
    }
    return true;
}

Request parse(Arguments arguments) {
    OptionWords words = split_words(describe(), arguments);
    Request request;
    std::vector<std::string> common = std::move(words.unknown);
    std::vector<std::string> problems = std::move(words.problems);
    for (const auto& [name, value] : words.options) {
        if (!take(name, value, request, problems)) {
            common.push_back(value.empty() ? fmt::format("--{}", name)
                                           : fmt::format("--{}={}", name, value));
        }
    }
    for (const std::string& word : words.positional) {
        problems.push_back(fmt::format("'events' does not know {}", quote(word)));
    }
    try {
        request.common = parse_common("events", common);
    } catch (const ConfigError& error) {
        problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
    if (!problems.empty() && !request.common.help) {
        throw ConfigError(std::move(problems));
    }
    return request;
}

}  // namespace

int events_command(Arguments arguments) {
    const Request request = parse(arguments);
    if (request.common.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    if (!request.common.netns.empty()) {
        netns::enter(netns::open_named(request.common.netns));
    }
    auto directory = RunDirectory::find();
    if (!directory) {
        fmt::print(stderr, "{}", nothing_serves);
        return exit_not_serving;
    }
    const Interrupts signals;
    std::uint64_t shown = 0;
    const auto show = [&](const std::string& line) {
        const EventFilter::Verdict verdict = request.filter.judge(line);
        if (verdict == EventFilter::Verdict::skip) {
            return true;
        }
        fmt::print("{}\n", request.common.json ? line : event_text(line));
        shown += verdict == EventFilter::Verdict::show ? 1 : 0;
        return request.count == 0 || shown < request.count;
    };
    if (EventReader(std::move(*directory)).run(signals, show)) {
        return exit_success;
    }
    fmt::print(stderr, "{}", nothing_serves);
    return exit_not_serving;
}

}  // namespace ctgate

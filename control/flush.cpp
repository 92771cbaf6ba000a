// SPDX-License-Identifier: GPL-2.0-only
// ctgate flush: ends sessions, and mappings.
#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/flush_note.hpp"
#include "control/mapping_list.hpp"
#include "control/netns.hpp"
#include "control/our_addresses.hpp"
#include "control/serving.hpp"
#include "control/session_list.hpp"
#include "control/show.hpp"
#include "control/view_options.hpp"

namespace ctgate {
namespace {

constexpr const char* help =
    R"(Usage: ctgate flush FILTER... [--mappings] [--dry-run] [--netns NAME] [--json]
       ctgate flush --all [--mappings] [--dry-run] [--netns NAME] [--json]

Ends the sessions that match all filters, and says how many. Only those that are
translated to or from an external address of this gateway; the router's own and those
that are merely routed stay. Their hosts are not told. What an internal host sends
next begins a session anew, with the same external endpoint while its mapping lasts.

  --host ADDRESS[/LEN]     the internal host, or network
  --protocol tcp|udp|icmp
  --port N                 the port of the internal endpoint, or of the external one
  --remote ADDRESS[:PORT]  the remote endpoint
  --state STATE            as in 'ctgate show sessions'
  --all                    all of them; needed when there is no filter
  --mappings               end the mappings too that match: the next session gets a new
                           external endpoint, and nobody outside may begin one at the
                           former. Not with --remote and --state, which mappings do not
                           have. Port forwards stay.
  --dry-run                end nothing; list what would be ended
  --netns NAME             the network namespace
  --json                   an object: dry_run, sessions and mappings (null without
                           --mappings): how many; with --dry-run, arrays as 'ctgate show'
                           prints them. New fields may be added.

Exit status: 0, also when nothing matches; 1 something failed; 2 wrong usage; 3 nothing
of ctgate serves this network namespace.
)";

constexpr std::array<std::string_view, 8> option_names = {
    "host", "protocol", "port", "remote", "state", "all", "mappings", "dry-run"};

void check(const ViewOptions& options) {
    std::vector<std::string> problems;
    if (!options.positional.empty()) {
        problems.push_back(fmt::format("'flush' does not know {}", quote(options.positional[0])));
    }
    const bool filtered = !options.filter.is_empty();
    if (filtered == options.all) {
        problems.emplace_back(filtered ? "--all ends all sessions, and the filters only some; drop "
                                         "one or the other"
                                       : "'flush' needs a filter, or --all to end all sessions");
    }
    if (options.mappings && (options.filter.remote || !options.filter.state.empty())) {
        problems.emplace_back(
            "Mappings have no remote endpoint and no state; drop --mappings, or --remote and "
            "--state");
    }
    if (!problems.empty()) {
        throw ConfigError(std::move(problems));
    }
}

class Flush {
  public:
    Flush(const RunDirectory& directory, const ViewOptions& options)
        : directory_(directory), options_(options), ours_(directory), pinned_(directory) {}

    void list() const;
    void end() const;

  private:
    bool matches(const Session& session, const SessionView& seen) const {
        return ours_.has(seen) && options_.filter.matches(session, seen);
    }
    void list_sessions() const;
    void list_mappings() const;
    std::size_t end_sessions() const;

    const RunDirectory& directory_;
    const ViewOptions& options_;
    OurAddresses ours_;
    PinnedForwards pinned_;
    TrafficCounts counts_;
};

void Flush::list_sessions() const {
    SessionList list(options_.json, accepted_mark_in_force());
    list.begin();
    conntrack::for_each(
        [&](const Session& session) {
            const SessionView seen = view(session);
            if (matches(session, seen)) {
                list.add(session, seen, counts_.of(session, seen.nat));
            }
        },
        options_.filter.selection());
    list.end();
}

void Flush::list_mappings() const {
    const PortMaps maps = pinned_.port_maps();
    const SessionsByPort sessions(maps);
    MappingList list(options_.json);
    list.begin();
    mappings::for_each(maps, [&](const Mapping& mapping) {
        if (options_.filter.matches(mapping.protocol, mapping.internal, mapping.external)) {
            list.add(mapping, sessions.of(mapping.protocol, mapping.external));
        }
    });
    list.end();
}

void Flush::list() const {
    if (options_.json) {
        fmt::print("{{\"dry_run\": true, \"sessions\": ");
    }
    list_sessions();
    fmt::print("{}", options_.json ? ", \"mappings\": " : "");
    if (options_.mappings) {
        fmt::print("\n");
        list_mappings();
    } else if (options_.json) {
        fmt::print("null");
    }
    fmt::print("{}", options_.json ? "}\n" : "");
}

// The records of the short path would be followed for up to a second: they go too.
std::size_t Flush::end_sessions() const {
    const FlushNote note(directory_);
    note.renew();
    return conntrack::erase_if(
        [&](const Session& session) { return matches(session, view(session)); },
        [&](const Session& session) {
            note.renew();
            counts_.forget(session);
        },
        options_.filter.selection());
}

// A mapping goes before its sessions, so that none begins anew with it; its port after them.
void Flush::end() const {
    const PortMaps maps = pinned_.port_maps();
    std::optional<std::size_t> mappings_ended;
    if (options_.mappings) {
        mappings_ended = mappings::end(maps, options_.filter);
    }
    const std::size_t sessions = end_sessions();
    if (options_.mappings) {
        mappings::expire(maps, options_.filter);
    }
    if (options_.json) {
        using nlohmann::ordered_json;
        const ordered_json document = {
            {"dry_run", false},
            {"sessions", sessions},
            {"mappings", mappings_ended ? ordered_json(*mappings_ended) : ordered_json()}};
        fmt::print("{}\n", document.dump());
        return;
    }
    fmt::print("{} session{} ended\n", sessions, sessions == 1 ? "" : "s");
    if (mappings_ended) {
        fmt::print("{} mapping{} ended\n", *mappings_ended, *mappings_ended == 1 ? "" : "s");
    }
}

}  // namespace

int flush_command(Arguments arguments) {
    const ViewOptions options = parse_view("flush", option_names, arguments);
    if (options.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    check(options);
    if (!options.netns.empty()) {
        netns::enter(netns::open_named(options.netns));
    }
    const auto directory = RunDirectory::find();
    if (!directory || !Serving::read(*directory)) {
        fmt::print(stderr, "{}", nothing_serves);
        return exit_not_serving;
    }
    const Flush flush(*directory, options);
    if (options.dry_run) {
        flush.list();
    } else {
        flush.end();
    }
    return exit_success;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// ctgate save: sessions and mappings of a gateway into a file, for `ctgate restore`.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "control/commands.hpp"
#include "control/file_options.hpp"
#include "control/monotonic.hpp"
#include "control/netns.hpp"
#include "control/our_addresses.hpp"
#include "control/pinned_forwards.hpp"
#include "control/pinned_map.hpp"
#include "control/process.hpp"
#include "control/saved_file.hpp"
#include "control/serving.hpp"

namespace ctgate {
namespace {

constexpr const char* help =
    R"(Usage: ctgate save FILE [--netns NAME] [--json]

Writes the TCP and UDP sessions that this gateway translates, and its mappings, into
FILE ('-': standard output), for 'ctgate restore' after a reboot or on another gateway
that takes over the external addresses. Nothing is changed; a daemon need not run.

FILE is for root alone, and replaced as a whole once all is written. It has a JSON
object on each line: a header, mappings, contacts (remote endpoints that mappings have
sent to), sessions, and an end with counts and a checksum. Sessions that the firewall
has not accepted are left out, and so are other protocols, ICMP too.

  --netns NAME  the network namespace
  --json        an object: file, mappings, contacts, sessions (how many). With FILE
                '-' it goes to standard error.

Exit status: 0; 1 something failed, FILE is as it was; 2 wrong usage; 3 nothing of
ctgate serves this network namespace.
)";

using saved::Record;

struct Saving {
    const RunDirectory& directory;
    const Interrupts& interrupts;
    saved::Writer& writer;

    void put(const Record& record) const {
        interrupts.sleep(std::chrono::milliseconds(0));
        writer.put(record);
    }
};

std::uint32_t left(std::uint32_t until, std::uint32_t now) {
    return until > now ? until - now : 0;
}

Endpoint endpoint(const ctgate_address& address, __be16 port) {
    return {IpAddress{address.words[0]}, ntohs(port)};
}

// The memory of all port spaces.
using Spaces = std::map<PortSpace, PortMemory>;

Spaces open_spaces(const PortMaps& maps) {
    Spaces result;
    ctgate_port_space key{};
    for (const ctgate_port_space* previous = nullptr;
         bpf_map_get_next_key(maps.slots, previous, &key) == 0; previous = &key) {
        const PortSpace space{IpAddress{key.address.words[0]},
                              static_cast<std::uint8_t>(key.protocol)};
        result.try_emplace(space, maps, space);
    }
    return result;
}

void save_mappings(const Saving& saving, const PortSpace& space, const PortMemory& memory) {
    const std::uint32_t now = seconds_now();
    for (unsigned port = 1; port < CTGATE_PORTS; ++port) {
        const ctgate_port_slot slot = memory.slot(static_cast<std::uint16_t>(port));
        const bool shared = slot.state == CTGATE_PORT_SHARED;
        const Endpoint internal = endpoint(slot.internal, slot.internal_port);
        // The dataplane may be writing it at this very moment.
        const bool complete = shared || (internal.address.v4 != 0 && internal.port != 0);
        if ((shared || slot.state == CTGATE_PORT_MAPPED) && complete) {
            saving.put(saved::Mapping{.protocol = space.protocol,
                                      .external = {space.address, static_cast<std::uint16_t>(port)},
                                      .internal = shared ? std::nullopt : std::optional(internal),
                                      .contact = IpAddress{slot.contact.words[0]},
                                      .mapped = left(slot.mapped_until, now),
                                      .held = left(slot.held_until, now)});
        }
    }
}

bool is_of_mapping(const Spaces& spaces, const ctgate_contact& key) {
    const auto space =
        spaces.find({IpAddress{key.external.words[0]}, static_cast<std::uint8_t>(key.protocol)});
    if (space == spaces.end()) {
        return false;
    }
    const ctgate_port_slot& slot = space->second.slot(ntohs(key.port));
    return slot.state == CTGATE_PORT_MAPPED && slot.generation == key.generation;
}

// The map changes meanwhile: when a key has gone, the kernel begins anew.
void save_contacts(const Saving& saving, const Spaces& spaces) {
    const FileDescriptor map =
        open_pinned_map(saving.directory, "contacts", sizeof(ctgate_contact), sizeof(__u32));
    ctgate_contact key{};
    const ctgate_contact* previous = nullptr;
    for (unsigned n = 0;
         n < CTGATE_MAX_CONTACTS && bpf_map_get_next_key(map.get(), previous, &key) == 0; ++n) {
        previous = &key;
        if (is_of_mapping(spaces, key)) {
            saving.put(saved::Contact{.protocol = static_cast<std::uint8_t>(key.protocol),
                                      .external = endpoint(key.external, key.port),
                                      .remote = endpoint(key.remote, key.remote_port)});
        }
    }
}

bool is_ours(const Session& session, const OurAddresses& ours) {
    const auto source = saved::source_external(session);
    const auto destination = saved::destination_external(session);
    return (session.protocol == IPPROTO_TCP || session.protocol == IPPROTO_UDP) &&
           session.zone == 0 && (source || destination) && (!source || ours.has(source->address)) &&
           (!destination || ours.has(destination->address));
}

void save_sessions(const Saving& saving, std::uint32_t accepted_mark) {
    const OurAddresses ours(saving.directory);
    conntrack::for_each([&](const Session& session) {
        if ((session.mark & accepted_mark) != 0 && is_ours(session, ours)) {
            Session record = session;
            record.mark &= ~accepted_mark;
            saving.put(record);
        }
    });
}

void report(const std::string& file, const saved::Counts& counts, bool json) {
    std::FILE* const out = file == "-" ? stderr : stdout;
    if (json) {
        const nlohmann::ordered_json object = {{"file", file},
                                               {"mappings", counts.mappings},
                                               {"contacts", counts.contacts},
                                               {"sessions", counts.sessions}};
        fmt::print(out, "{}\n", object.dump(2));
    } else {
        fmt::print(out, "Saved {} mappings, {} contacts and {} sessions\n", counts.mappings,
                   counts.contacts, counts.sessions);
    }
}

}  // namespace

int save_command(Arguments arguments) {
    const FileOptions given = parse_file_options("save", "standard output", arguments);
    const CommonOptions& options = given.common;
    if (options.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    if (!options.netns.empty()) {
        netns::enter(netns::open_named(options.netns));
    }
    const auto directory = RunDirectory::find();
    const auto serving = directory ? Serving::read(*directory) : std::nullopt;
    if (!serving) {
        fmt::print(stderr,
                   "ctgate: nothing serves this network namespace, so there is nothing to save; "
                   "--netns names another\n");
        return exit_not_serving;
    }
    const PinnedForwards pinned(*directory);
    const Spaces spaces = open_spaces(pinned.port_maps());
    const Interrupts interrupts;
    saved::Writer writer(given.file, {.time = ::time(nullptr), .program = CTGATE_VERSION});
    const Saving saving{*directory, interrupts, writer};
    for (const auto& [space, memory] : spaces) {
        save_mappings(saving, space, memory);
    }
    save_contacts(saving, spaces);
    save_sessions(saving, serving->accepted_mark);
    report(given.file, writer.finish(), options.json);
    return exit_success;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// What `ctgate explain` says: a rehearsal of the packet, in words.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/commands.hpp"
#include "control/rehearsal.hpp"
#include "control/tuple_lookup.hpp"

namespace ctgate::explain {

struct Question {
    RehearsedPacket packet;
    std::string interface;  // where it arrives; empty: by the route to its source
    std::string netns;
    bool json = false;
    bool help = false;
};

struct Step {
    std::string stage;
    std::string result;
    std::string text;
};

struct Verdict {
    std::string action;  // dropped, refused, short_path, stack
    std::string counter;
    std::string text;    // what the counter means
    std::string remedy;  // for what was dropped
};

struct Answer {
    RehearsedPacket packet;
    std::vector<Step> steps;
    Verdict verdict;
    std::vector<std::string> counters;   // those that a real packet would raise
    std::optional<TupleAnswer> session;  // of conntrack, that it is left to the stack with
    // What its endpoints become, where that is known.
    std::optional<Endpoint> source;
    std::optional<Endpoint> destination;
    // The external endpoint is not drawn at random: a real packet would get the same.
    bool exact = true;
};

// Wrong usage is thrown as ConfigError.
Question parse(Arguments arguments);

// Where it arrives, into `packet`; the reason in words. Throws when ctgate serves no such
// interface.
std::string find_arrival(const Question& question, const Serving& serving, RehearsedPacket& packet);

Answer answer(const Serving& serving, const RehearsedPacket& packet, const std::string& arrival,
              const Rehearsal& rehearsal);

// What becomes of a packet that the dataplane lets go on: firewall and route, as steps. May change
// the verdict: the guard in our nft table.
void follow_in_stack(const RunDirectory& directory, const Serving& serving, Answer& answer);

// The guard's drop of a packet that is forwarded to the interface `output`: ahead of the host's own
// firewall, and behind it. nullopt: it lets it go on.
std::optional<Verdict> drop_in_guard(const RunDirectory& directory, const Serving& serving,
                                     const Answer& answer, const std::string& output);
std::optional<Verdict> drop_as_leak(const RunDirectory& directory, const Serving& serving,
                                    const Answer& answer, const std::string& output);

// nullopt: it is not served.
std::optional<Side> side_of(const std::string& interface, const Serving& serving);

// What a result of a stage means, by its name (LOOKUP_MISS); empty for one without words.
std::string_view words_of(std::string_view result);
std::string_view name_of(ctgate_counter counter);
std::string_view meaning_of(ctgate_counter counter);
// What can be done about it; empty: nothing was dropped.
std::string_view remedy_of(ctgate_counter counter);

void print_text(const Answer& answer);
void print_json(const Answer& answer);

}  // namespace ctgate::explain

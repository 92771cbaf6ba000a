// SPDX-License-Identifier: GPL-2.0-only
// What the dataplane would do with one packet, without its being done: the programs in force, the
// same instructions with the same constants, are loaded once more and run once on that packet.
//
// They read what the control plane has written where it lies. Of what they write themselves they
// get a copy as it is at this moment, which ends with the run: so it leaves no trace, whatever they
// come to write. Conntrack cannot be copied; with `explaining` set they only look things up there
// (dataplane/explain.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/dataplane.hpp"
#include "control/ip.hpp"
#include "control/netlink.hpp"
#include "control/serving.hpp"
#include "ctgate/counters.h"
#include "ctgate/explain.h"
#include "ctgate/session_cache.h"

namespace ctgate {

struct RehearsedPacket {
    std::uint8_t protocol = 0;  // IPPROTO_TCP or IPPROTO_UDP
    Endpoint source;
    Endpoint destination;
    std::uint8_t tcp_flags = 0;
    Link arrival;  // an interface that is served
    Side side = Side::internal;
};

struct Rehearsal {
    enum class Verdict { stack, redirect, drop };
    Verdict verdict = Verdict::stack;
    bool told = false;  // its sender is told by ICMP that it was refused
    // Of each stage the name of its last result; empty: it was not asked.
    std::array<std::string, CTGATE_STAGE_MAX> results;
    std::vector<ctgate_counter> counted;
    ctgate_explanation explanation{};
    // The packet's record in the session cache, and its host's row in `hosts`: before.
    std::optional<ctgate_cache_record> record;
    std::optional<ctgate_host> host;
    // By which it is sent on past the stack: afterwards.
    std::optional<ctgate_cache_record> followed;
    ctgate_settings settings{};
};

// In the namespace the thread is in, which `serving` says is served.
Rehearsal rehearse(const RunDirectory& directory, const Serving& serving,
                   const RehearsedPacket& packet);

// The names of all results of the stages, as the programs have them.
std::vector<std::string> stage_results();
// The maps of the programs that explain shares with those in force, and those that it copies; all
// others begin empty.
std::vector<std::string> shared_maps();
std::vector<std::string> copied_maps();
// All of them, but for those of variables.
std::vector<std::string> rehearsed_maps();

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/rebuilding.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/functional/hash.hpp>
#include <iterator>
#include <utility>

#include "control/conntrack.hpp"

namespace ctgate {
namespace {

constexpr std::pair<const char*, const char*> losses[] = {
    {"mappings", "mappings without a session"},
    {"contacts", "whom mappings have sent to in sessions that have ended"},
    {"hosts", "what hosts were refused"},
    {"counters", "counters, which begin at 0"},
    {"events", "events that nobody has read"},
    {"events_lost", "how many events were lost"},
};

bool has(const std::vector<std::string>& maps, std::string_view name) {
    return std::find(maps.begin(), maps.end(), name) != maps.end();
}

// Of a hash, whatever its layout.
std::uint64_t entries_of(int map) {
    bpf_map_info info{};
    __u32 length = sizeof(info);
    if (bpf_obj_get_info_by_fd(map, &info, &length) != 0) {
        return 0;
    }
    std::vector<char> key(info.key_size);
    const void* previous = nullptr;
    std::uint64_t count = 0;
    // The map may change meanwhile, so that this would not end.
    for (; count < info.max_entries && bpf_map_get_next_key(map, previous, key.data()) == 0;
         ++count) {
        previous = key.data();
    }
    return count;
}

std::size_t hash_of(const Session& session) {
    std::size_t hash = 0;
    boost::hash_combine(hash, session.protocol);
    for (const Endpoint& each : {session.source, session.destination}) {
        boost::hash_combine(hash, each.address.v4);
        boost::hash_combine(hash, each.port);
    }
    return hash;
}

void announce(const Dataplane& dataplane) {
    std::vector<std::string> changed;
    std::vector<std::string> others = dataplane.begun_anew();
    changed.reserve(dataplane.changes().size());
    for (const map_layout::Change& each : dataplane.changes()) {
        changed.push_back(fmt::format("{} ({})", each.map, each.how));
        std::erase(others, each.map);
    }
    spdlog::warn(
        "This version lays out maps of the dataplane differently: {}; they begin anew{}{}, and "
        "what serves goes on until they are ready",
        fmt::join(changed, ", "),
        others.empty() ? "" : ", and with them begin anew too: ", fmt::join(others, ", "));
}

}  // namespace

Rebuilding::Rebuilding(const Dataplane& dataplane, const RunDirectory& directory,
                       std::uint32_t accepted_mark, std::set<PortSpace> fresh)
    : dataplane_(dataplane),
      accepted_mark_(accepted_mark),
      fresh_(std::move(fresh)),
      anew_(has(dataplane.begun_anew(), "mappings")),
      whole_(anew_ || dataplane.was_interrupted()) {
    if (!dataplane.begun_anew().empty()) {
        announce(dataplane);
    }
    for (const auto& [map, words] : losses) {
        if (has(dataplane.begun_anew(), map)) {
            lost_.emplace_back(words);
        }
    }
    if (whole_) {
        before_ = entries_of(FileDescriptor(bpf_obj_get(directory.pin("mappings").c_str())).get());
        restoring_.emplace(dataplane);
    }
}

// Who has sent from inside, has the mapping before whom somebody has only called there.
void Rebuilding::adopt_sessions() {
    if (whole_ || !fresh_.empty()) {
        adopt_sessions(true);
        adopt_sessions(false);
    }
}

bool Rebuilding::is_fresh(const Session& session) const {
    const auto is_there = [&](const std::optional<Endpoint>& external) {
        return external && fresh_.contains({external->address, session.protocol});
    };
    return is_there(saved::source_external(session)) ||
           is_there(saved::destination_external(session));
}

void Rebuilding::adopt_sessions(bool from_inside) {
    conntrack::for_each([&](const Session& session) {
        const bool has_ports = session.protocol == IPPROTO_TCP || session.protocol == IPPROTO_UDP;
        if (!has_ports || session.zone != 0 || (session.mark & accepted_mark_) == 0 ||
            saved::source_external(session).has_value() != from_inside) {
            return;
        }
        const bool fresh = anew_ || is_fresh(session);
        if (!fresh && !whole_) {
            return;
        }
        if (!restoring_) {  // its programs take time to load
            restoring_.emplace(dataplane_);
        }
        const bool again = !known_.insert(hash_of(session)).second || !fresh;
        restoring_->adopt(session, again);
    });
}

void Rebuilding::report() const {
    if (restoring_) {
        std::vector<std::string> reasons;
        for (std::size_t n = 0; n < restoring_->reasons().size(); ++n) {
            if (const std::uint64_t count = restoring_->reasons().at(n); count != 0) {
                reasons.push_back(fmt::format("{} times {}", count,
                                              restore_sentence(static_cast<ctgate_restored>(n))));
            }
        }
        const std::string before = whole_ ? fmt::format(" (before: {})", before_) : "";
        spdlog::info("Rebuilt from conntrack: {} mappings{}, {} ports without one{}{}",
                     entries_of(dataplane_.map("mappings")), before, restoring_->resting(),
                     reasons.empty() ? "" : "; not rebuilt: ", fmt::join(reasons, ", "));
    }
    if (!lost_.empty()) {
        spdlog::warn("Not kept: {}", fmt::join(lost_, "; "));
    }
}

}  // namespace ctgate

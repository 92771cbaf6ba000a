// SPDX-License-Identifier: GPL-2.0-only
#include "control/restoring.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>

#include <algorithm>

#include "control/pinned_map.hpp"

namespace ctgate {
namespace {

constexpr std::size_t most_named = 100;
// Seconds that a session's external port is kept for it before the session is there.
constexpr std::uint32_t hold_time = 10;

// FIN or RST have not been seen: the mapping counts it among its open ones.
bool is_open(const Session& session) {
    return session.state == "SYN_SENT" || session.state == "SYN_RECV" ||
           session.state == "ESTABLISHED";
}

ctgate_tuple first_packet(const Session& session) {
    return {.source = session.source.address.to_bytes(),
            .destination = session.destination.address.to_bytes(),
            .source_port = htons(session.source.port),
            .destination_port = htons(session.destination.port),
            .protocol = session.protocol};
}

}  // namespace

const char* restore_reason(ctgate_restored why) {
    switch (why) {
#define CTGATE_REASON(id, name, text) \
    case CTGATE_RESTORE_##id:         \
        return name;
        CTGATE_RESTORE_REFUSALS(CTGATE_REASON)
#undef CTGATE_REASON
        default:
            return "none";
    }
}

std::string restore_sentence(ctgate_restored why) {
    switch (why) {
#define CTGATE_REASON(id, name, text) \
    case CTGATE_RESTORE_##id:         \
        return text;
        CTGATE_RESTORE_REFUSALS(CTGATE_REASON)
#undef CTGATE_REASON
        default:
            return "";
    }
}

Restoring::Restoring(const RunDirectory& directory, const Serving& serving, std::uint32_t elapsed)
    : addresses_(open_pinned_map(directory, "addresses", sizeof(ctgate_address),
                                 sizeof(ctgate_address_use))),
      behaviours_(open_pinned_map(directory, "behaviours", sizeof(ctgate_behaviour_key),
                                  sizeof(ctgate_behaviour))),
      settings_(settings_in_force(directory)),
      accepted_mark_(serving.accepted_mark),
      elapsed_(elapsed),
      programs_(directory) {}

void Restoring::restore(const saved::Record& record) {
    std::visit([&](const auto& each) { add(each); }, record);
}

void Restoring::note(Restored& counts, ctgate_restored result, const Skipped& what) {
    if (result == CTGATE_RESTORE_DONE) {
        ++counts.done;
    } else if (result == CTGATE_RESTORE_THERE) {
        ++counts.there;
    } else {
        ++counts.skipped;
        ++reasons_.at(result);
        if (skipped_.size() < most_named) {
            skipped_.push_back(what);
        }
    }
}

ctgate_address_use Restoring::use_of(IpAddress external) const {
    const ctgate_address key = external.to_bytes();
    ctgate_address_use use{};
    bpf_map_lookup_elem(addresses_.get(), &key, &use);  // else there is no role
    return use;
}

bool Restoring::is_as_saved(std::uint8_t protocol, const Endpoint& external) const {
    const auto found = as_saved_.find({external.address, protocol});
    return found != as_saved_.end() && found->second[external.port];
}

ctgate_restore_request Restoring::request_of(std::uint8_t protocol, const Use& use) const {
    ctgate_restore_request request{};
    request.internal = use.internal.address.to_bytes();
    request.external = use.external.address.to_bytes();
    request.remote = use.remote.address.to_bytes();
    request.internal_port = htons(use.internal.port);
    request.external_port = htons(use.external.port);
    request.remote_port = htons(use.remote.port);
    request.protocol = protocol;
    request.ifindex = use_of(use.external.address).ifindex;
    return request;
}

void Restoring::add(const saved::Mapping& mapping) {
    const auto left = [&](std::uint32_t seconds) {
        return seconds > elapsed_ ? seconds - elapsed_ : 0;
    };
    if (left(mapping.mapped) == 0 && left(mapping.held) == 0) {
        ++mappings_.expired;
        return;
    }
    const Endpoint internal = mapping.internal.value_or(Endpoint{});
    ctgate_restore_request request =
        request_of(mapping.protocol, {mapping.external, internal, {mapping.contact, 0}});
    request.mapped = left(mapping.mapped);
    request.held = left(mapping.held);
    const ctgate_restored result = programs_.mapping(request);
    if (result == CTGATE_RESTORE_DONE || result == CTGATE_RESTORE_THERE) {
        as_saved_[{mapping.external.address, mapping.protocol}].set(mapping.external.port);
    }
    note(mappings_, result, {"mapping", mapping.protocol, internal, mapping.external, result});
}

void Restoring::add(const saved::Contact& contact) {
    if (is_as_saved(contact.protocol, contact.external)) {
        programs_.contact(
            request_of(contact.protocol, {contact.external, Endpoint{}, contact.remote}));
    }
}

void Restoring::add(Session session) {
    if (session.timeout <= elapsed_) {
        ++sessions_.expired;
        return;
    }
    session.timeout -= elapsed_;
    session.mark |= accepted_mark_;
    const std::vector<Use> uses = uses_of(session);
    const Use* named = &uses.front();
    const ctgate_restored result = bring_back(session, uses, named);
    note(sessions_, result,
         {"session", session.protocol, named->internal, named->external, result});
}

std::vector<Restoring::Use> Restoring::uses_of(const Session& session) {
    const auto source = saved::source_external(session);
    const auto destination = saved::destination_external(session);
    std::vector<Use> uses;
    if (source) {
        uses.push_back({*source, session.source, session.reply_source});
    }
    if (destination) {
        uses.push_back({*destination, session.reply_source, session.reply_destination});
    }
    return uses;
}

ctgate_restored Restoring::bring_back(const Session& session, const std::vector<Use>& uses,
                                      const Use*& at_fault) {
    for (const Use& each : uses) {
        const ctgate_restored held = hold(session, each);
        if (held != CTGATE_RESTORE_DONE) {
            at_fault = &each;
            return held;
        }
    }
    const ctgate_restored result = insert(session, uses);
    if (result == CTGATE_RESTORE_DONE) {
        std::for_each(uses.begin(), uses.end(), [&](const Use& each) { keep(session, each); });
    }
    return result;
}

// An address that stands for one host has no ports to be given out.
ctgate_restored Restoring::hold(const Session& session, const Use& use) {
    const ctgate_address_use found = use_of(use.external.address);
    if (found.role == CTGATE_ADDRESS_ONE_TO_ONE) {
        return IpAddress{found.internal.words[0]} == use.internal.address ? CTGATE_RESTORE_DONE
                                                                          : CTGATE_RESTORE_IN_USE;
    }
    if (found.role != CTGATE_ADDRESS_EXTERNAL) {
        return CTGATE_RESTORE_NO_PORTS;
    }
    ctgate_restore_request request = request_of(session.protocol, use);
    request.held = std::min(hold_time, session.timeout);
    request.overlapping =
        settings_.overload_when_full != 0 || is_as_saved(session.protocol, use.external) ? 1 : 0;
    return programs_.hold_port(request);
}

ctgate_restore_request Restoring::keep_request(const Session& session, const Use& use) const {
    ctgate_restore_request request = request_of(session.protocol, use);
    request.held = session.timeout;
    request.sessions = is_open(session) ? 1 : 0;
    return request;
}

void Restoring::keep(const Session& session, const Use& use) {
    programs_.keep_port(keep_request(session, use));
}

ctgate_restore_request Restoring::place_request(const Session& session, const Use& use) const {
    ctgate_restore_request request = request_of(session.protocol, use);
    request.first = first_packet(session);
    return request;
}

// Its host's place first, as new sessions have it. Hairpinning: that of who began it.
ctgate_restored Restoring::insert(const Session& session, const std::vector<Use>& uses) {
    ctgate_restore_request request = place_request(session, uses.front());
    const bool limited = settings_.max_sessions_per_host != 0;
    if (limited) {
        const ctgate_restored place = programs_.take_place(request);
        if (place != CTGATE_RESTORE_DONE) {
            return place;
        }
    }
    using Result = conntrack::Inserter::Result;
    const Result result = inserter_.insert(session);
    if (limited && result != Result::done && result != Result::there) {
        programs_.return_place(request);
    }
    switch (result) {
        case Result::done:
            return CTGATE_RESTORE_DONE;
        case Result::there:
            return CTGATE_RESTORE_THERE;
        case Result::full:
            return CTGATE_RESTORE_TABLES_FULL;
        case Result::clash:
            break;
    }
    return CTGATE_RESTORE_CLASH;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// What a new dataplane has to know of sessions that are in conntrack, and go on.
#include <arpa/inet.h>
#include <bpf/bpf.h>

#include "control/pinned_map.hpp"
#include "control/restoring.hpp"

namespace ctgate {

Restoring::Restoring(const Dataplane& dataplane)
    : addresses_(dataplane.share_map("addresses")),
      behaviours_(dataplane.share_map("behaviours")),
      settings_(settings_in(dataplane.map("configuration"))),
      programs_([&](const std::string& name) { return dataplane.map(name); }) {}

void Restoring::adopt(const Session& session, bool again) {
    const std::vector<Use> uses = uses_of(session);
    const bool from_inside = saved::source_external(session).has_value();
    for (std::size_t n = 0; n < uses.size(); ++n) {
        if (use_of(uses[n].external.address).role == CTGATE_ADDRESS_EXTERNAL) {
            adopt(session, uses[n], from_inside && n == 0, again);
        }
    }
    const bool has_place = !uses.empty() && use_of(uses.front().external.address).ifindex != 0;
    if (settings_.max_sessions_per_host != 0 && has_place) {
        ctgate_restore_request request = place_request(session, uses.front());
        programs_.take_place(request);  // one too many is no reason to end it
    }
}

void Restoring::adopt(const Session& session, const Use& use, bool outbound, bool again) {
    ctgate_restore_request request = keep_request(session, use);
    request.mapped = outbound || settings_.inbound_refresh != 0 ? session.timeout : 0;
    ctgate_restored result = adopt_mapping(session, use, request.mapped);
    if (result == CTGATE_RESTORE_DONE || result == CTGATE_RESTORE_THERE) {
        note(mappings_, result, {});
    } else {
        const ctgate_restored why = result;
        result = adopt_port(session, use);
        if (result != CTGATE_RESTORE_DONE) {
            note(mappings_, why, {"mapping", session.protocol, use.internal, use.external, why});
            return;
        }
        resting_ += again ? 0 : 1;
    }
    request.sessions = again ? 0 : request.sessions;
    programs_.keep_port(request);
}

ctgate_restored Restoring::adopt_mapping(const Session& session, const Use& use,
                                         std::uint32_t mapped) {
    const ctgate_behaviour behaviour = behaviour_of(use.internal.address, session.protocol);
    ctgate_restore_request request = request_of(session.protocol, use);
    request.remote_port = 0;
    request.mapped = mapped;
    request.held = session.timeout;
    if (behaviour.mapping != CTGATE_ENDPOINT_INDEPENDENT) {
        request.internal_port = 0;
    }
    const ctgate_restored result = programs_.mapping(request);
    if (result == CTGATE_RESTORE_THERE && behaviour.filtering == CTGATE_ADDRESS_DEPENDENT) {
        programs_.contact(request);
    }
    return result;
}

// Of a session whose internal endpoint has another mapping, or whose port may not be given out any
// more: nobody else gets it while the session goes on.
ctgate_restored Restoring::adopt_port(const Session& session, const Use& use) {
    ctgate_restore_request request = request_of(session.protocol, use);
    request.held = session.timeout;
    request.overlapping = 1;
    return programs_.hold_port(request);
}

ctgate_behaviour Restoring::behaviour_of(IpAddress internal, std::uint8_t protocol) const {
    ctgate_behaviour_key key{};
    key.prefix_length = CTGATE_PROTOCOL_BITS + 8 * sizeof(key.internal);
    key.protocol = htonl(protocol);
    key.internal = internal.to_bytes();
    ctgate_behaviour behaviour{.mapping = CTGATE_ENDPOINT_INDEPENDENT,
                               .filtering = CTGATE_ADDRESS_DEPENDENT,
                               .reserved = {}};
    bpf_map_lookup_elem(behaviours_.get(), &key, &behaviour);  // none: what nothing was said of
    return behaviour;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/sessions.hpp"

#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>

#include <algorithm>

#include "control/conntrack.hpp"

namespace ctgate::sessions {
namespace {

using conntrack::Action;
using conntrack::Change;

// Begun from inside, or from outside.
bool is_at(const Session& session, const std::set<IpAddress>& external) {
    return ((session.status & IPS_SRC_NAT) != 0 &&
            external.contains(session.reply_destination.address)) ||
           ((session.status & IPS_DST_NAT) != 0 && external.contains(session.destination.address));
}

bool contain(const std::vector<IpPrefix>& prefixes, const Endpoint& end) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const IpPrefix& each) { return each.contains(end.address); });
}

// Outbound, or inbound to an internal host.
bool is_in(const Session& session, const std::vector<IpPrefix>& internal) {
    return contain(internal, session.source) || contain(internal, session.reply_source);
}

bool is_translated(const Session& session) {
    return (session.status & (IPS_SRC_NAT | IPS_DST_NAT)) != 0;
}

bool is_not_exempt(const Session& session, const Loss& loss) {
    const auto goes = [&](const Endpoint& internal, const Endpoint& remote) {
        return contain(loss.inside, internal) && contain(loss.not_exempt, remote);
    };
    return !is_translated(session) &&
           (goes(session.source, session.destination) || goes(session.destination, session.source));
}

bool is_of(const Session& session, const Loss& loss) {
    return is_at(session, loss.external) || is_in(session, loss.internal) ||
           is_not_exempt(session, loss);
}

template <typename Predicate>
void end_if(Predicate predicate) {
    conntrack::update([&](const Session& session) -> Change {
        return {.action = predicate(session) ? Action::erase : Action::keep};
    });
}

}  // namespace

void accept(std::uint32_t accepted, std::optional<std::uint32_t> earlier) {
    conntrack::update([&](const Session& session) -> Change {
        const bool qualifies = !earlier || (session.mark & *earlier) != 0;
        return qualifies && (session.mark & accepted) == 0
                   ? Change{Action::set_mark, accepted, accepted}
                   : Change{};
    });
}

std::vector<Session> those_of(const Loss& loss) {
    std::vector<Session> found;
    if (!loss.is_empty()) {
        conntrack::for_each([&](const Session& session) {
            if (is_of(session, loss)) {
                found.push_back(session);
            }
        });
    }
    return found;
}

void end_those_of(const Loss& loss) {
    if (!loss.is_empty()) {
        end_if([&](const Session& session) { return is_of(session, loss); });
    }
}

void end_untranslated() {
    end_if([](const Session& session) {
        return session.protocol != IPPROTO_TCP && session.protocol != IPPROTO_UDP &&
               !is_translated(session);
    });
}

void end_unaccepted(std::uint32_t accepted, const std::set<IpAddress>& external) {
    end_if([&](const Session& session) {
        return (session.mark & accepted) == 0 && is_at(session, external);
    });
}

void ignore_windows() {
    conntrack::update([](const Session& session) -> Change {
        const bool blind = session.protocol == IPPROTO_TCP && is_translated(session);
        return {.action = blind ? Action::ignore_window : Action::keep};
    });
}

void forget_acceptance(std::uint32_t accepted) {
    conntrack::update([&](const Session& session) -> Change {
        return (session.mark & accepted) != 0 ? Change{Action::set_mark, 0, accepted} : Change{};
    });
}

}  // namespace ctgate::sessions

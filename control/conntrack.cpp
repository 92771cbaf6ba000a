// SPDX-License-Identifier: GPL-2.0-only
#include "control/conntrack.hpp"

#include <arpa/inet.h>
#include <libnfnetlink/linux_nfnetlink.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "control/conntrack_names.hpp"
#include "control/conntrack_socket.hpp"

namespace ctgate::conntrack {
namespace {

Endpoint endpoint(const nf_conntrack* entry, nf_conntrack_attr address, nf_conntrack_attr port) {
    // An attribute that is not set reads as 0.
    return {.address = {nfct_get_attr_u32(entry, address)},
            .port = ntohs(nfct_get_attr_u16(entry, port))};
}

// The library parses the identifier of the reply tuple, but offers no way to ask for it.
std::uint16_t reply_icmp_id(const nlmsghdr* message) {
    const nlattr* tuple = find_attribute(message, CTA_TUPLE_REPLY);
    const nlattr* protocol = tuple ? find_nested(tuple, CTA_TUPLE_PROTO) : nullptr;
    const nlattr* id = protocol ? find_nested(protocol, CTA_PROTO_ICMP_ID) : nullptr;
    return id ? ntohs(mnl_attr_get_u16(id)) : 0;
}

std::optional<Session::Counts> counts(const nf_conntrack* entry) {
    if (nfct_attr_is_set(entry, ATTR_ORIG_COUNTER_PACKETS) <= 0) {
        return std::nullopt;
    }
    const auto count = [&](nf_conntrack_attr packets, nf_conntrack_attr bytes) {
        return Session::Count{nfct_get_attr_u64(entry, packets), nfct_get_attr_u64(entry, bytes)};
    };
    return Session::Counts{count(ATTR_ORIG_COUNTER_PACKETS, ATTR_ORIG_COUNTER_BYTES),
                           count(ATTR_REPL_COUNTER_PACKETS, ATTR_REPL_COUNTER_BYTES)};
}

}  // namespace

Session to_session(const nlmsghdr* message, const nf_conntrack* entry) {
    Session session;
    session.protocol = nfct_get_attr_u8(entry, ATTR_ORIG_L4PROTO);
    if (nfct_attr_is_set(entry, ATTR_TCP_STATE) > 0) {
        session.state = tcp_state_name(nfct_get_attr_u8(entry, ATTR_TCP_STATE));
        session.tcp_flags = {nfct_get_attr_u8(entry, ATTR_TCP_FLAGS_ORIG),
                             nfct_get_attr_u8(entry, ATTR_TCP_FLAGS_REPL)};
        session.tcp_scale = {nfct_get_attr_u8(entry, ATTR_TCP_WSCALE_ORIG),
                             nfct_get_attr_u8(entry, ATTR_TCP_WSCALE_REPL)};
    }
    session.source = endpoint(entry, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_PORT_SRC);
    session.destination = endpoint(entry, ATTR_ORIG_IPV4_DST, ATTR_ORIG_PORT_DST);
    session.reply_source = endpoint(entry, ATTR_REPL_IPV4_SRC, ATTR_REPL_PORT_SRC);
    session.reply_destination = endpoint(entry, ATTR_REPL_IPV4_DST, ATTR_REPL_PORT_DST);
    session.status = nfct_get_attr_u32(entry, ATTR_STATUS);
    session.mark = nfct_get_attr_u32(entry, ATTR_MARK);
    session.timeout = nfct_get_attr_u32(entry, ATTR_TIMEOUT);
    session.zone = nfct_get_attr_u16(entry, ATTR_ZONE);
    session.counts = counts(entry);
    if (session.protocol == IPPROTO_ICMP) {
        session.icmp_id = ntohs(nfct_get_attr_u16(entry, ATTR_ICMP_ID));
        session.icmp_reply_id = reply_icmp_id(message);
    }
    return session;
}

namespace {

bool same_entry(const Session& one, const Session& other) {
    const auto same = [](const Endpoint& a, const Endpoint& b) {
        return a.address == b.address && a.port == b.port;
    };
    return one.protocol == other.protocol && one.zone == other.zone &&
           one.icmp_id == other.icmp_id && same(one.source, other.source) &&
           same(one.destination, other.destination);
}

// When the entry at which the kernel paused its dump is deleted, it starts that hash bucket anew
// (ctnetlink_dump_table). A bucket has at most 80 entries of a dump pause (MAX_CHAINLEN), so that
// remembering a little more than that is enough to visit no entry twice.
class Recent {
  public:
    // True the first time.
    bool add(const Session& session) {
        const auto seen = [&](const Session& other) { return same_entry(session, other); };
        if (std::any_of(ring_.begin(), ring_.end(), seen)) {
            return false;
        }
        ring_[next_++ % ring_.size()] = session;
        return true;
    }

  private:
    std::array<Session, 96> ring_;
    std::size_t next_ = 0;
};

// `visit` returns nothing; both arguments live only during the call.
using Visit = std::function<void(const Session&, const nf_conntrack*)>;

void walk(Socket& socket, const Socket::Filter& filter, const Visit& visit) {
    Recent recent;
    const auto parse = [&](const nlmsghdr* message) {
        const Entry entry = make_entry();
        if (nfct_nlmsg_parse(message, entry.get()) != 0) {
            return;  // not an entry: an attribute this library cannot read
        }
        if (nfct_get_attr_u8(entry.get(), ATTR_ORIG_L3PROTO) != AF_INET) {
            return;
        }
        const Session session = to_session(message, entry.get());
        if (recent.add(session)) {
            visit(session, entry.get());
        }
    };
    socket.dump(parse, filter);
}

// The kernel's filter knows "and" only: an internal address, which may be at the beginning of
// either direction, takes two dumps.
void walk(Socket& socket, const Selection& selection, const Visit& visit) {
    Socket::Filter filter{.protocol = selection.protocol,
                          .source = std::nullopt,
                          .reply_source = std::nullopt,
                          .status = selection.status,
                          .status_mask = selection.status_mask};
    if (!selection.internal) {
        walk(socket, filter, visit);
        return;
    }
    filter.source = selection.internal->v4;
    walk(socket, filter, visit);
    filter.source.reset();
    filter.reply_source = selection.internal->v4;
    walk(socket, filter, [&](const Session& session, const nf_conntrack* entry) {
        if (session.source.address != *selection.internal) {
            visit(session, entry);
        }
    });
}

struct PendingChange {
    Change change;
    Entry key;
    std::uint32_t id = 0;
};

PendingChange pending(const Change& change, const nf_conntrack* entry) {
    PendingChange result{change, make_entry(), nfct_get_attr_u32(entry, ATTR_ID)};
    nfct_copy(result.key.get(), entry, NFCT_CP_ORIG);
    if (nfct_attr_is_set(entry, ATTR_ZONE) > 0) {
        nfct_set_attr_u16(result.key.get(), ATTR_ZONE, nfct_get_attr_u16(entry, ATTR_ZONE));
    }
    return result;
}

bool apply(Socket& socket, const PendingChange& pending) {
    switch (pending.change.action) {
        case Action::erase:
            return socket.erase(pending.key.get(), pending.id);
        case Action::ignore_window:
            return socket.ignore_window(pending.key.get(), pending.id);
        case Action::set_mark:
            return socket.set_mark(pending.key.get(), pending.id, pending.change.mark,
                                   pending.change.mask);
        case Action::keep:
            break;
    }
    return false;
}

}  // namespace

void for_each(const std::function<void(const Session&)>& visit, const Selection& selection) {
    Socket socket;
    walk(socket, selection, [&](const Session& session, const nf_conntrack*) { visit(session); });
}

std::size_t update(const std::function<Change(const Session&)>& decide) {
    Socket socket;
    std::vector<PendingChange> changes;
    walk(socket, Selection{}, [&](const Session& session, const nf_conntrack* entry) {
        const Change change = decide(session);
        if (change.action != Action::keep) {
            changes.push_back(pending(change, entry));
        }
    });
    return static_cast<std::size_t>(
        std::count_if(changes.begin(), changes.end(),
                      [&](const PendingChange& change) { return apply(socket, change); }));
}

std::size_t erase_if(const std::function<bool(const Session&)>& predicate,
                     const std::function<void(const Session&)>& erased,
                     const Selection& selection) {
    Socket dump;
    Socket changes;
    std::size_t count = 0;
    walk(dump, selection, [&](const Session& session, const nf_conntrack* entry) {
        if (predicate(session) && apply(changes, pending({.action = Action::erase}, entry))) {
            erased(session);
            ++count;
        }
    });
    return count;
}

std::uint64_t count() {
    return Socket().totals().count;
}

std::uint64_t limit() {
    return Socket().totals().limit;
}

}  // namespace ctgate::conntrack

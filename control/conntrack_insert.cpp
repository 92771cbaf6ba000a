// SPDX-License-Identifier: GPL-2.0-only
#include "control/conntrack_insert.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>

#include <cerrno>
#include <system_error>

#include "control/conntrack_names.hpp"

namespace ctgate::conntrack {
namespace {

// What the kernel takes from outside (nlattr_to_tcp); the rest of its flags is about windows that
// this table has not seen.
constexpr std::uint8_t tcp_flags_kept =
    IP_CT_TCP_FLAG_WINDOW_SCALE | IP_CT_TCP_FLAG_SACK_PERM | IP_CT_TCP_FLAG_CLOSE_INIT;

bool same(const Endpoint& one, const Endpoint& other) {
    return one.address == other.address && one.port == other.port;
}

void set_key(nf_conntrack* entry, const Session& session) {
    nfct_set_attr_u8(entry, ATTR_L3PROTO, AF_INET);
    nfct_set_attr_u8(entry, ATTR_L4PROTO, session.protocol);
    nfct_set_attr_u32(entry, ATTR_IPV4_SRC, session.source.address.v4);
    nfct_set_attr_u32(entry, ATTR_IPV4_DST, session.destination.address.v4);
    nfct_set_attr_u16(entry, ATTR_PORT_SRC, htons(session.source.port));
    nfct_set_attr_u16(entry, ATTR_PORT_DST, htons(session.destination.port));
}

// The reply tuple as it was without NAT: the kernel changes it as it applies the NAT, and notes
// only then that there is one (nf_nat_setup_info).
void set_nat(nf_conntrack* entry, const Session& session) {
    nfct_setobjopt(entry, NFCT_SOPT_SETUP_REPLY);
    if (!same(session.reply_destination, session.source)) {
        nfct_set_attr_u32(entry, ATTR_SNAT_IPV4, session.reply_destination.address.v4);
        nfct_set_attr_u16(entry, ATTR_SNAT_PORT, htons(session.reply_destination.port));
    }
    if (!same(session.reply_source, session.destination)) {
        nfct_set_attr_u32(entry, ATTR_DNAT_IPV4, session.reply_source.address.v4);
        nfct_set_attr_u16(entry, ATTR_DNAT_PORT, htons(session.reply_source.port));
    }
}

// Windows are learned anew from the next packets.
void set_tcp(nf_conntrack* entry, const Session& session) {
    nfct_set_attr_u8(entry, ATTR_TCP_STATE, tcp_state_number(session.state).value_or(0));
    const auto flags = [&](std::size_t direction) -> std::uint8_t {
        return (session.tcp_flags.at(direction) & tcp_flags_kept) | IP_CT_TCP_FLAG_BE_LIBERAL;
    };
    constexpr std::uint8_t mask = tcp_flags_kept | IP_CT_TCP_FLAG_BE_LIBERAL;
    nfct_set_attr_u8(entry, ATTR_TCP_FLAGS_ORIG, flags(0));
    nfct_set_attr_u8(entry, ATTR_TCP_MASK_ORIG, mask);
    nfct_set_attr_u8(entry, ATTR_TCP_FLAGS_REPL, flags(1));
    nfct_set_attr_u8(entry, ATTR_TCP_MASK_REPL, mask);
    nfct_set_attr_u8(entry, ATTR_TCP_WSCALE_ORIG, session.tcp_scale[0]);
    nfct_set_attr_u8(entry, ATTR_TCP_WSCALE_REPL, session.tcp_scale[1]);
}

bool is_same(const Session& one, const Session& other) {
    return one.protocol == other.protocol && same(one.source, other.source) &&
           same(one.destination, other.destination) && same(one.reply_source, other.reply_source) &&
           same(one.reply_destination, other.reply_destination);
}

}  // namespace

Inserter::Result Inserter::insert(const Session& session) {
    const Entry entry = make_entry();
    set_key(entry.get(), session);
    set_nat(entry.get(), session);
    nfct_set_attr_u32(entry.get(), ATTR_TIMEOUT, session.timeout);
    nfct_set_attr_u32(entry.get(), ATTR_MARK, session.mark);
    nfct_set_attr_u32(entry.get(), ATTR_STATUS,
                      (session.status & (IPS_SEEN_REPLY | IPS_ASSURED)) | IPS_CONFIRMED);
    if (session.protocol == IPPROTO_TCP) {
        set_tcp(entry.get(), session);
    }
    switch (const int error = socket_.create(entry.get())) {
        case 0:
            return Result::done;
        case EEXIST: {
            const Entry key = make_entry();
            set_key(key.get(), session);
            const auto holder = socket_.find(key.get());
            return holder && is_same(*holder, session) ? Result::there : Result::clash;
        }
        case ENOMEM:
        case ENOSPC:
            return Result::full;
        default:
            throw std::system_error(
                error, std::generic_category(),
                fmt::format("The kernel does not take the session of {} with {}",
                            session.source.text(), session.destination.text()));
    }
}

}  // namespace ctgate::conntrack

// SPDX-License-Identifier: GPL-2.0-only
#include "control/conntrack_socket.hpp"

#include <libnfnetlink/linux_nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <new>
#include <system_error>

#include "control/netlink_answer.hpp"

namespace ctgate::conntrack {
namespace {

// The kernel fills up to this much per read of a dump (netlink_recvmsg, since Linux 4.12).
constexpr std::size_t buffer_size = 32768;
// In a row, without a message in between; then the kernel is really out of memory.
constexpr int overrun_limit = 32;

[[noreturn]] void fail(int error, const char* what) {
    throw std::system_error(error, std::generic_category(), what);
}

Entry clone(const nf_conntrack* entry) {
    Entry result(nfct_clone(entry), &nfct_destroy);
    if (!result) {
        throw std::bad_alloc();
    }
    return result;
}

// libmnl's own loop macros are not C++.
const nlattr* find(const void* first, const char* end, std::uint16_t type) {
    const auto* attribute = static_cast<const nlattr*>(first);
    for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
         attribute = mnl_attr_next(attribute)) {
        if (mnl_attr_get_type(attribute) == type) {
            return attribute;
        }
    }
    return nullptr;
}

// The kernel's flags for CTA_FILTER, in no header for programs (nf_internals.h, Linux 5.8 and
// later).
constexpr std::uint32_t filter_source = 1U << 0;
constexpr std::uint32_t filter_protocol = 1U << 3;

void put_tuple(nlmsghdr* message, std::uint16_t type, std::optional<std::uint32_t> source,
               std::optional<std::uint8_t> protocol) {
    nlattr* tuple = mnl_attr_nest_start(message, type);
    if (source) {
        nlattr* address = mnl_attr_nest_start(message, CTA_TUPLE_IP);
        mnl_attr_put_u32(message, CTA_IP_V4_SRC, *source);
        mnl_attr_nest_end(message, address);
    }
    if (protocol) {
        nlattr* proto = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
        mnl_attr_put_u8(message, CTA_PROTO_NUM, *protocol);
        mnl_attr_nest_end(message, proto);
    }
    mnl_attr_nest_end(message, tuple);
}

void put_filter(nlmsghdr* message, const Socket::Filter& filter) {
    if (filter.status_mask != 0) {
        mnl_attr_put_u32(message, CTA_STATUS, htonl(filter.status));
        mnl_attr_put_u32(message, CTA_STATUS_MASK, htonl(filter.status_mask));
    }
    const std::uint32_t original =
        (filter.protocol ? filter_protocol : 0) | (filter.source ? filter_source : 0);
    const std::uint32_t reply = filter.reply_source ? filter_source : 0;
    if (original == 0 && reply == 0) {
        return;
    }
    put_tuple(message, CTA_TUPLE_ORIG, filter.source, filter.protocol);
    put_tuple(message, CTA_TUPLE_REPLY, filter.reply_source, std::nullopt);
    nlattr* flags = mnl_attr_nest_start(message, CTA_FILTER);
    mnl_attr_put_u32(message, CTA_FILTER_ORIG_FLAGS, original);
    mnl_attr_put_u32(message, CTA_FILTER_REPLY_FLAGS, reply);
    mnl_attr_nest_end(message, flags);
}

}  // namespace

const nlattr* find_attribute(const nlmsghdr* message, std::uint16_t type) {
    return find(mnl_nlmsg_get_payload_offset(message, sizeof(nfgenmsg)),
                static_cast<const char*>(mnl_nlmsg_get_payload_tail(message)), type);
}

const nlattr* find_nested(const nlattr* nest, std::uint16_t type) {
    const auto* first = static_cast<const char*>(mnl_attr_get_payload(nest));
    return find(first, first + mnl_attr_get_payload_len(nest), type);
}

Entry make_entry() {
    Entry entry(nfct_new(), &nfct_destroy);
    if (!entry) {
        throw std::bad_alloc();
    }
    return entry;
}

Socket::Socket()
    : socket_(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC), &mnl_socket_close),
      buffer_(buffer_size) {
    if (!socket_ || mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
        fail(errno, "Cannot talk to the kernel's netfilter over netlink");
    }
}

nlmsghdr* Socket::request(std::uint16_t type, std::uint16_t flags) {
    nlmsghdr* message = mnl_nlmsg_put_header(buffer_.data());
    message->nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type);
    message->nlmsg_flags = NLM_F_REQUEST | flags;
    message->nlmsg_seq = ++sequence_;
    auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
    header->nfgen_family = AF_INET;
    header->version = NFNETLINK_V0;
    return message;
}

void Socket::send(const nlmsghdr* message) {
    while (mnl_socket_sendto(socket_.get(), message, message->nlmsg_len) < 0) {
        if (errno != EINTR) {
            fail(errno, "Cannot send a request to the kernel's connection tracking");
        }
    }
}

int Socket::receive(const std::function<void(const nlmsghdr*)>& visit) {
    int overruns = 0;
    for (;;) {
        const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
        if (size < 0) {
            // ENOBUFS: the kernel found no memory for the next part; it goes on where it was.
            if (errno == EINTR || (errno == ENOBUFS && ++overruns < overrun_limit)) {
                continue;
            }
            return errno;
        }
        overruns = 0;
        int left = static_cast<int>(size);
        const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
        for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
            if (message->nlmsg_seq != sequence_) {
                continue;
            }
            if (const int error = end_of_answer(message); error >= 0) {
                return error;
            }
            visit(message);
        }
    }
}

void Socket::dump(const std::function<void(const nlmsghdr*)>& visit, const Filter& filter) {
    nlmsghdr* message = request(IPCTNL_MSG_CT_GET, NLM_F_DUMP);
    put_filter(message, filter);
    send(message);
    if (const int error = receive(visit); error != 0) {
        fail(error,
             "Cannot read the kernel's conntrack table (needs CAP_NET_ADMIN and the module "
             "nf_conntrack_netlink)");
    }
}

bool Socket::change(nlmsghdr* message, const nf_conntrack* entry, std::uint32_t id,
                    std::optional<std::uint32_t> mark_mask) {
    if (nfct_nlmsg_build(message, entry) != 0) {
        fail(errno, "Cannot describe a conntrack entry to the kernel");
    }
    // With the id, a later entry of the same tuple is left alone.
    mnl_attr_put_u32(message, CTA_ID, htonl(id));
    if (mark_mask) {
        mnl_attr_put_u32(message, CTA_MARK_MASK, htonl(*mark_mask));
    }
    send(message);
    const int error = receive([](const nlmsghdr*) {});
    if (error != 0 && error != ENOENT) {
        fail(error, "Cannot change a conntrack entry");
    }
    return error == 0;
}

bool Socket::set_mark(const nf_conntrack* key, std::uint32_t id, std::uint32_t mark,
                      std::uint32_t mask) {
    const Entry entry = clone(key);
    nfct_set_attr_u32(entry.get(), ATTR_MARK, mark);
    return change(request(IPCTNL_MSG_CT_NEW, NLM_F_ACK), entry.get(), id, mask);
}

bool Socket::ignore_window(const nf_conntrack* key, std::uint32_t id) {
    const Entry entry = clone(key);
    for (const nf_conntrack_attr attribute :
         {ATTR_TCP_FLAGS_ORIG, ATTR_TCP_MASK_ORIG, ATTR_TCP_FLAGS_REPL, ATTR_TCP_MASK_REPL}) {
        nfct_set_attr_u8(entry.get(), attribute, IP_CT_TCP_FLAG_BE_LIBERAL);
    }
    return change(request(IPCTNL_MSG_CT_NEW, NLM_F_ACK), entry.get(), id, std::nullopt);
}

bool Socket::erase(const nf_conntrack* key, std::uint32_t id) {
    return change(request(IPCTNL_MSG_CT_DELETE, NLM_F_ACK), key, id, std::nullopt);
}

int Socket::create(const nf_conntrack* entry) {
    nlmsghdr* message = request(IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
    if (nfct_nlmsg_build(message, entry) != 0) {
        fail(errno, "Cannot describe a conntrack entry to the kernel");
    }
    send(message);
    return receive([](const nlmsghdr*) {});
}

std::optional<Session> Socket::find(const nf_conntrack* key) {
    nlmsghdr* message = request(IPCTNL_MSG_CT_GET, NLM_F_ACK);
    if (nfct_nlmsg_build(message, key) != 0) {
        fail(errno, "Cannot describe a conntrack entry to the kernel");
    }
    send(message);
    std::optional<Session> result;
    const int error = receive([&](const nlmsghdr* answer) {
        const Entry entry = make_entry();
        if (nfct_nlmsg_parse(answer, entry.get()) == 0) {
            result = to_session(answer, entry.get());
        }
    });
    if (error != 0 && error != ENOENT) {
        fail(error, "Cannot look a conntrack entry up");
    }
    return result;
}

Socket::Totals Socket::totals() {
    Totals totals;
    send(request(IPCTNL_MSG_CT_GET_STATS, NLM_F_ACK));
    const int error = receive([&](const nlmsghdr* message) {
        const auto value = [&](std::uint16_t type) {
            const nlattr* attribute = find_attribute(message, type);
            return attribute ? ntohl(mnl_attr_get_u32(attribute)) : 0;
        };
        totals = {value(CTA_STATS_GLOBAL_ENTRIES), value(CTA_STATS_GLOBAL_MAX_ENTRIES)};
    });
    if (error != 0) {
        fail(error, "Cannot read the kernel's conntrack statistics (needs CAP_NET_ADMIN)");
    }
    return totals;
}

}  // namespace ctgate::conntrack

// SPDX-License-Identifier: GPL-2.0-only
#include "control/netns_id.hpp"

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "control/netlink_objects.hpp"

namespace ctgate::netns {
namespace {

using netlink::check;
using MessagePointer = std::unique_ptr<nl_msg, netlink::Free<nlmsg_free>>;
using SocketPointer = std::unique_ptr<nl_sock, netlink::Free<nl_socket_free>>;

int read_id(nl_msg* message, void* result) {
    const nlattr* id = nlmsg_find_attr(nlmsg_hdr(message), sizeof(rtgenmsg), NETNSA_NSID);
    if (id != nullptr) {
        *static_cast<std::int32_t*>(result) = nla_get_s32(id);
    }
    return NL_OK;
}

MessagePointer make_message(int type, const FileDescriptor& ns) {
    MessagePointer message(netlink::allocated(nlmsg_alloc_simple(type, NLM_F_REQUEST)));
    rtgenmsg header{};
    check(nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO),
          "Cannot compose a netlink message");
    check(nla_put_u32(message.get(), NETNSA_FD, static_cast<std::uint32_t>(ns.get())),
          "Cannot compose a netlink message");
    return message;
}

// A socket for one request: libnl leaves the acknowledgement behind an answer unread.
std::int32_t talk(MessagePointer message, const char* what) {
    const SocketPointer socket(netlink::allocated(nl_socket_alloc()));
    std::int32_t id = NETNSA_NSID_NOT_ASSIGNED;
    check(nl_connect(socket.get(), NETLINK_ROUTE), "Cannot open a netlink socket");
    check(nl_socket_modify_cb(socket.get(), NL_CB_VALID, NL_CB_CUSTOM, read_id, &id),
          "Cannot set up a netlink socket");
    // Frees the message in any case.
    check(nl_send_sync(socket.get(), message.release()), "{}", what);
    return id;
}

std::int32_t query(const FileDescriptor& ns) {
    return talk(make_message(RTM_GETNSID, ns), "Cannot ask for the id of a network namespace");
}

void assign(const FileDescriptor& ns) {
    MessagePointer message = make_message(RTM_NEWNSID, ns);
    check(nla_put_s32(message.get(), NETNSA_NSID, NETNSA_NSID_NOT_ASSIGNED),
          "Cannot compose a netlink message");
    talk(std::move(message), "Cannot give a network namespace an id (needs CAP_NET_ADMIN)");
}

struct stat status_of(const FileDescriptor& ns) {
    struct stat status {};
    if (::fstat(ns.get(), &status) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot examine a network namespace");
    }
    return status;
}

}  // namespace

bool same(const FileDescriptor& one, const FileDescriptor& other) {
    const struct stat a = status_of(one);
    const struct stat b = status_of(other);
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

std::int32_t id_of(const FileDescriptor& ns) {
    if (const std::int32_t id = query(ns); id != NETNSA_NSID_NOT_ASSIGNED) {
        return id;
    }
    try {
        assign(ns);
    } catch (const std::runtime_error&) {
        // Somebody else may have been faster; then there is an id now.
        if (query(ns) == NETNSA_NSID_NOT_ASSIGNED) {
            throw;
        }
    }
    const std::int32_t id = query(ns);
    if (id == NETNSA_NSID_NOT_ASSIGNED) {
        throw std::runtime_error("The kernel gave the network namespace no id");
    }
    return id;
}

}  // namespace ctgate::netns

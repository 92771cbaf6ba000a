// SPDX-License-Identifier: GPL-2.0-only
#include "control/monitor.hpp"

#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "control/netlink_objects.hpp"

namespace ctgate {

using netlink::check;

// A group of 0 ends the list.
Monitor::Monitor(int protocol, int group, int second, int third)
    : socket_(netlink::allocated(nl_socket_alloc()), nl_socket_free) {
    check(nl_connect(socket_.get(), protocol), "Cannot open a netlink socket");
    check(nl_socket_add_memberships(socket_.get(), group, second, third, 0),
          "Cannot watch for changes");
}

Monitor Monitor::links() {
    return {NETLINK_ROUTE, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_NETCONF};
}

Monitor Monitor::tables() {
    return {NETLINK_NETFILTER, NFNLGRP_NFTABLES, 0, 0};
}

int Monitor::fd() const {
    return nl_socket_get_fd(socket_.get());
}

// What it says does not matter: the state is read anew. ENOBUFS, messages lost, is news too.
void Monitor::drain() {
    std::array<char, 32768> buffer{};
    while (::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT) > 0 || errno == ENOBUFS) {
    }
}

}  // namespace ctgate

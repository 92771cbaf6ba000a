// SPDX-License-Identifier: GPL-2.0-only
#include "control/link_monitor.hpp"

#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "control/netlink_objects.hpp"

namespace ctgate {

using netlink::check;

LinkMonitor::LinkMonitor() : socket_(netlink::allocated(nl_socket_alloc()), nl_socket_free) {
    check(nl_connect(socket_.get(), NETLINK_ROUTE), "Cannot open a route netlink socket");
    check(nl_socket_add_memberships(socket_.get(), RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, 0),
          "Cannot watch links and addresses");
}

int LinkMonitor::fd() const {
    return nl_socket_get_fd(socket_.get());
}

// What it says does not matter: the state is read anew. ENOBUFS, messages lost, is news too.
void LinkMonitor::drain() {
    std::array<char, 32768> buffer{};
    while (::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT) > 0 || errno == ENOBUFS) {
    }
}

}  // namespace ctgate

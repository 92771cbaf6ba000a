// SPDX-License-Identifier: GPL-2.0-only
// A neighbour that the kernel need not ask for.
#pragma once

#include <linux/neighbour.h>
#include <netlink/netlink.h>
#include <netlink/route/neighbour.h>

#include <memory>

#include "control/netlink_objects.hpp"
#include "tests/packet/builder.hpp"

namespace ctgate {

// In the namespace the thread is in.
inline void add_neighbour(int ifindex, const char* address, const packet::Mac& mac) {
    using netlink::Free;
    const std::unique_ptr<nl_sock, Free<nl_socket_free>> socket(nl_socket_alloc());
    const std::unique_ptr<rtnl_neigh, Free<rtnl_neigh_put>> neighbour(rtnl_neigh_alloc());
    netlink::check(nl_connect(socket.get(), NETLINK_ROUTE), "Cannot open a netlink socket");
    const std::uint32_t v4 = IpAddress::parse(address).value().v4;
    const netlink::AddressPointer ip(nl_addr_build(AF_INET, &v4, sizeof(v4)));
    const netlink::AddressPointer link(nl_addr_build(AF_LLC, mac.data(), mac.size()));
    rtnl_neigh_set_ifindex(neighbour.get(), ifindex);
    rtnl_neigh_set_dst(neighbour.get(), ip.get());
    rtnl_neigh_set_lladdr(neighbour.get(), link.get());
    rtnl_neigh_set_state(neighbour.get(), NUD_PERMANENT);
    netlink::check(rtnl_neigh_add(socket.get(), neighbour.get(), NLM_F_CREATE | NLM_F_REPLACE),
                   "Cannot add a neighbour");
}

}  // namespace ctgate

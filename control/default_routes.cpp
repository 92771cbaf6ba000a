// SPDX-License-Identifier: GPL-2.0-only
#include "control/default_routes.hpp"

#include <linux/rtnetlink.h>
#include <netlink/netlink.h>

#include "control/netlink_objects.hpp"

namespace ctgate {
namespace {

using netlink::allocated;
using netlink::check;

using SocketPointer = std::unique_ptr<nl_sock, netlink::Free<nl_socket_free>>;

void add(rtnl_route* route, std::vector<WayOut>& ways) {
    if (rtnl_route_get_table(route) != RT_TABLE_MAIN || rtnl_route_get_type(route) != RTN_UNICAST) {
        return;
    }
    const bool is_default = nl_addr_get_prefixlen(rtnl_route_get_dst(route)) == 0;
    for (int n = 0; n < rtnl_route_get_nnexthops(route); ++n) {
        rtnl_nexthop* hop = rtnl_route_nexthop_n(route, n);
        const bool has_gateway =
            rtnl_route_nh_get_gateway(hop) != nullptr || rtnl_route_nh_get_via(hop) != nullptr;
        if (is_default || has_gateway) {
            ways.push_back({.ifindex = rtnl_route_nh_get_ifindex(hop),
                            .is_default = is_default,
                            .metric = rtnl_route_get_priority(route)});
        }
    }
}

}  // namespace

std::vector<WayOut> ways_out() {
    const SocketPointer socket(allocated(nl_socket_alloc()));
    check(nl_connect(socket.get(), NETLINK_ROUTE), "Cannot open a route netlink socket");
    nl_cache* cache = nullptr;
    check(rtnl_route_alloc_cache(socket.get(), AF_INET, 0, &cache), "Cannot list the routes");
    const netlink::CachePointer owner(cache);
    std::vector<WayOut> ways;
    for (nl_object* each = nl_cache_get_first(cache); each; each = nl_cache_get_next(each)) {
        add(reinterpret_cast<rtnl_route*>(each), ways);
    }
    return ways;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/netlink_statistics.hpp"

#include <netlink/netlink.h>

#include "control/netlink_objects.hpp"

namespace ctgate {

using netlink::LinkPointer;

std::map<std::string, LinkTraffic> read_traffic(const std::vector<std::string>& interfaces) {
    const std::unique_ptr<nl_sock, netlink::Free<nl_socket_free>> socket(
        netlink::allocated(nl_socket_alloc()));
    netlink::check(nl_connect(socket.get(), NETLINK_ROUTE), "Cannot open a route netlink socket");
    std::map<std::string, LinkTraffic> result;
    for (const std::string& name : interfaces) {
        rtnl_link* found = nullptr;
        if (rtnl_link_get_kernel(socket.get(), 0, name.c_str(), &found) < 0) {
            continue;
        }
        const LinkPointer link(found);
        const auto statistic = [&](rtnl_link_stat_id_t id) {
            return rtnl_link_get_stat(link.get(), id);
        };
        result[name] = {.received_bytes = statistic(RTNL_LINK_RX_BYTES),
                        .received_packets = statistic(RTNL_LINK_RX_PACKETS),
                        .sent_bytes = statistic(RTNL_LINK_TX_BYTES),
                        .sent_packets = statistic(RTNL_LINK_TX_PACKETS)};
    }
    return result;
}

}  // namespace ctgate

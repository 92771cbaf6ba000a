// SPDX-License-Identifier: GPL-2.0-only
// Links, addresses, routes of one network namespace, by libnl-route. Errors are thrown as
// std::runtime_error whose sentence names the interface, address or route and libnl's reason.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/config.hpp"
#include "control/fd.hpp"
#include "control/ip.hpp"

struct nl_sock;

namespace ctgate {

struct Link {
    int index = 0;
    std::string name;
    std::string kind;       // "veth", "bridge", "tun", ...; empty for hardware
    bool up = false;        // administratively (IFF_UP)
    bool running = false;   // carrier (IFF_LOWER_UP)
    bool ethernet = false;  // ARPHRD_ETHER: frames carry an Ethernet header; else layer 3
    unsigned mtu = 0;       // bytes
    int lower = 0;          // ifindex of the device that a VLAN device stands on
};

// For a few requests: once one could not be sent, libnl takes the answers to all later ones for
// out of order.
class Netlink {
  public:
    Netlink();  // opened in, and bound to, the namespace the thread is in now
    ~Netlink();
    Netlink(const Netlink&) = delete;
    Netlink& operator=(const Netlink&) = delete;

    std::vector<Link> links();
    std::optional<Link> link(const std::string& name);
    std::optional<Link> link(int index);
    // All IPv4 addresses, each with the index of its interface.
    std::vector<std::pair<int, IpPrefix>> addresses();
    // IPv4 addresses of the interface in the kernel's order (primary first).
    std::vector<IpPrefix> addresses(int ifindex);

    // All IPv4 unicast routes but default ones, one for each interface they leave by: its index.
    std::vector<std::pair<int, IpPrefix>> routes();

    // By that exact prefix, and to that destination by that way.
    bool has_address(const std::string& interface, const IpPrefix& address);
    bool has_route(const RouteOption& route);

    // false: it was there already (nothing changed).
    bool add_address(const std::string& interface, const IpPrefix& address);
    // false: it was not there.
    bool remove_address(const std::string& interface, const IpPrefix& address);
    bool add_route(const RouteOption& route);
    bool remove_route(const RouteOption& route);

    void set_up(const std::string& interface, bool up);
    void set_mtu(const std::string& interface, unsigned mtu);
    void move_link(const std::string& interface, const FileDescriptor& to_netns);
    void add_bridge(const std::string& name);
    void set_master(const std::string& interface, const std::string& bridge);
    // `peer` is created in `peer_netns`.
    void add_veth(const std::string& name, const std::string& peer,
                  const FileDescriptor& peer_netns);
    void remove_link(const std::string& name);

    // Has the interface a clsact qdisc, and is there any filter on it (ingress or egress)?
    bool has_clsact(int ifindex);
    bool has_filters(int ifindex);
    // Is there a filter of that priority on the ingress (or egress) hook of clsact?
    bool has_filter(int ifindex, bool ingress, unsigned priority);

  private:
    std::unique_ptr<nl_sock, void (*)(nl_sock*)> socket_;
};

}  // namespace ctgate

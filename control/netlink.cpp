// SPDX-License-Identifier: GPL-2.0-only
// The socket, and links. Addresses and routes: netlink_routes.cpp.
#include "control/netlink.hpp"

#include <fmt/core.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "control/netlink_objects.hpp"

namespace ctgate {

using netlink::CachePointer;
using netlink::check;
using netlink::LinkPointer;

namespace {

Link to_link(rtnl_link* from) {
    const char* kind = rtnl_link_get_type(from);
    const unsigned flags = rtnl_link_get_flags(from);
    Link link;
    link.index = rtnl_link_get_ifindex(from);
    link.name = rtnl_link_get_name(from);
    link.kind = kind == nullptr ? "" : kind;
    link.up = (flags & IFF_UP) != 0;
    link.running = (flags & IFF_LOWER_UP) != 0;
    link.ethernet = rtnl_link_get_arptype(from) == ARPHRD_ETHER;
    link.mtu = rtnl_link_get_mtu(from);
    link.lower = rtnl_link_get_link(from);
    return link;
}

LinkPointer new_link() {
    return LinkPointer(netlink::allocated(rtnl_link_alloc()));
}

// The interface's own object, as `original` of a change.
LinkPointer find_link(nl_sock* socket, const std::string& name) {
    rtnl_link* found = nullptr;
    // The kernel calls an overlong name a protocol error; to the caller it is a missing interface.
    const int error = name.empty() || name.size() >= IFNAMSIZ
                          ? -NLE_OBJ_NOTFOUND
                          : rtnl_link_get_kernel(socket, 0, name.c_str(), &found);
    if (error == -NLE_OBJ_NOTFOUND || error == -NLE_NODEV) {
        return {};
    }
    check(error, "Cannot read interface '{}'", name);
    return LinkPointer(found);
}

LinkPointer require_link(nl_sock* socket, const std::string& name) {
    LinkPointer link = find_link(socket, name);
    if (!link) {
        throw std::runtime_error(
            fmt::format("There is no interface '{}' in this network namespace", name));
    }
    return link;
}

int change_link(nl_sock* socket, const std::string& name, const LinkPointer& changes) {
    const LinkPointer original = require_link(socket, name);
    return rtnl_link_change(socket, original.get(), changes.get(), 0);
}

}  // namespace

int netlink::index_of(nl_sock* socket, const std::string& interface) {
    return rtnl_link_get_ifindex(require_link(socket, interface).get());
}

Netlink::Netlink() : socket_(netlink::allocated(nl_socket_alloc()), nl_socket_free) {
    check(nl_connect(socket_.get(), NETLINK_ROUTE), "Cannot open a route netlink socket");
    // libnl waits for the answer to a request for all links even where it could not send it.
    constexpr timeval patience{5, 0};
    ::setsockopt(nl_socket_get_fd(socket_.get()), SOL_SOCKET, SO_RCVTIMEO, &patience,
                 sizeof(patience));
}

Netlink::~Netlink() = default;

std::vector<Link> Netlink::links() {
    nl_cache* cache = nullptr;
    check(rtnl_link_alloc_cache(socket_.get(), AF_UNSPEC, &cache), "Cannot list the interfaces");
    const CachePointer owner(cache);
    std::vector<Link> links;
    for (nl_object* each = nl_cache_get_first(cache); each; each = nl_cache_get_next(each)) {
        links.push_back(to_link(reinterpret_cast<rtnl_link*>(each)));
    }
    return links;
}

std::optional<Link> Netlink::link(const std::string& name) {
    const LinkPointer found = find_link(socket_.get(), name);
    return found ? std::optional(to_link(found.get())) : std::nullopt;
}

std::optional<Link> Netlink::link(int index) {
    for (Link& each : links()) {
        if (each.index == index) {
            return std::move(each);
        }
    }
    return std::nullopt;
}

void Netlink::set_up(const std::string& interface, bool up) {
    const LinkPointer changes = new_link();
    (up ? rtnl_link_set_flags : rtnl_link_unset_flags)(changes.get(), IFF_UP);
    check(change_link(socket_.get(), interface, changes), "Cannot set interface '{}' {}", interface,
          up ? "up" : "down");
}

void Netlink::set_mtu(const std::string& interface, unsigned mtu) {
    const LinkPointer changes = new_link();
    rtnl_link_set_mtu(changes.get(), mtu);
    check(change_link(socket_.get(), interface, changes), "Cannot set the MTU of '{}' to {}",
          interface, mtu);
}

void Netlink::move_link(const std::string& interface, const FileDescriptor& to_netns) {
    const LinkPointer changes = new_link();
    rtnl_link_set_ns_fd(changes.get(), to_netns.get());
    check(change_link(socket_.get(), interface, changes),
          "Cannot move interface '{}' to another network namespace", interface);
}

void Netlink::add_bridge(const std::string& name) {
    const LinkPointer bridge = new_link();
    check(rtnl_link_set_type(bridge.get(), "bridge"), "Cannot describe bridge '{}'", name);
    rtnl_link_set_name(bridge.get(), name.c_str());
    check(rtnl_link_add(socket_.get(), bridge.get(), NLM_F_CREATE | NLM_F_EXCL),
          "Cannot create bridge '{}'", name);
}

void Netlink::set_master(const std::string& interface, const std::string& bridge) {
    const LinkPointer changes = new_link();
    rtnl_link_set_master(changes.get(), netlink::index_of(socket_.get(), bridge));
    check(change_link(socket_.get(), interface, changes), "Cannot add interface '{}' to '{}'",
          interface, bridge);
}

void Netlink::add_veth(const std::string& name, const std::string& peer,
                       const FileDescriptor& peer_netns) {
    const LinkPointer veth(netlink::allocated(rtnl_link_veth_alloc()));
    const LinkPointer other(netlink::allocated(rtnl_link_veth_get_peer(veth.get())));
    rtnl_link_set_name(veth.get(), name.c_str());
    rtnl_link_set_name(other.get(), peer.c_str());
    rtnl_link_set_ns_fd(other.get(), peer_netns.get());
    check(rtnl_link_add(socket_.get(), veth.get(), NLM_F_CREATE | NLM_F_EXCL),
          "Cannot create the veth pair '{}' and '{}'", name, peer);
}

void Netlink::remove_link(const std::string& name) {
    const LinkPointer link = require_link(socket_.get(), name);
    check(rtnl_link_delete(socket_.get(), link.get()), "Cannot remove interface '{}'", name);
}

}  // namespace ctgate

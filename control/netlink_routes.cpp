// SPDX-License-Identifier: GPL-2.0-only
// Addresses and routes of Netlink.
#include <fmt/core.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>

#include <algorithm>
#include <cstring>

#include "control/netlink.hpp"
#include "control/netlink_objects.hpp"

namespace ctgate {

using netlink::AddressPointer;
using netlink::CachePointer;
using netlink::check;
using netlink::InterfaceAddressPointer;
using netlink::NexthopPointer;
using netlink::RoutePointer;

namespace {

std::optional<IpAddress> to_address(const nl_addr* from) {
    if (from == nullptr || nl_addr_get_family(from) != AF_INET ||
        nl_addr_get_len(from) != sizeof(in_addr_t)) {
        return std::nullopt;
    }
    IpAddress address;
    std::memcpy(&address.v4, nl_addr_get_binary_addr(from), sizeof(address.v4));
    return address;
}

InterfaceAddressPointer describe(int ifindex, const IpPrefix& prefix) {
    InterfaceAddressPointer result(netlink::allocated(rtnl_addr_alloc()));
    const AddressPointer local = netlink::to_nl_addr(prefix.address, prefix.length);
    rtnl_addr_set_ifindex(result.get(), ifindex);
    check(rtnl_addr_set_local(result.get(), local.get()), "Cannot describe address {}",
          prefix.text());
    return result;
}

// "198.51.100.0/24 via 203.0.113.2 dev outside", for messages.
std::string text_of(const RouteOption& route) {
    std::string text = IpPrefix{route.destination.network(), route.destination.length}.text();
    if (route.via) {
        text += " via " + route.via->text();
    }
    if (!route.interface.empty()) {
        text += " dev " + route.interface;
    }
    return text;
}

RoutePointer describe(nl_sock* socket, const RouteOption& option) {
    RoutePointer route(netlink::allocated(rtnl_route_alloc()));
    NexthopPointer nexthop(netlink::allocated(rtnl_route_nh_alloc()));
    const AddressPointer destination =
        netlink::to_nl_addr(option.destination.network(), option.destination.length);
    check(rtnl_route_set_dst(route.get(), destination.get()), "Cannot describe route {}",
          text_of(option));
    if (option.via) {
        rtnl_route_nh_set_gateway(nexthop.get(), netlink::to_nl_addr(*option.via, 32).get());
    }
    if (!option.interface.empty()) {
        rtnl_route_nh_set_ifindex(nexthop.get(), netlink::index_of(socket, option.interface));
    }
    rtnl_route_set_table(route.get(), RT_TABLE_MAIN);
    rtnl_route_set_protocol(route.get(), RTPROT_STATIC);
    rtnl_route_add_nexthop(route.get(), nexthop.release());
    return route;
}

// A default route comes from libnl as an address of no bytes.
bool same_destination(rtnl_route* one, rtnl_route* other) {
    const nl_addr* left = rtnl_route_get_dst(one);
    const nl_addr* right = rtnl_route_get_dst(other);
    return nl_addr_get_prefixlen(left) == nl_addr_get_prefixlen(right) &&
           (nl_addr_get_prefixlen(left) == 0 || nl_addr_cmp(left, right) == 0);
}

bool goes_the_way_of(rtnl_route* existing, rtnl_route* wanted) {
    if (rtnl_route_get_table(existing) != RT_TABLE_MAIN ||
        rtnl_route_get_nnexthops(existing) != 1 || !same_destination(existing, wanted)) {
        return false;
    }
    rtnl_nexthop* have = rtnl_route_nexthop_n(existing, 0);
    rtnl_nexthop* want = rtnl_route_nexthop_n(wanted, 0);
    const int interface = rtnl_route_nh_get_ifindex(want);
    return to_address(rtnl_route_nh_get_gateway(have)) ==
               to_address(rtnl_route_nh_get_gateway(want)) &&
           (interface == 0 || interface == rtnl_route_nh_get_ifindex(have));
}

// The kernel says "exists" for another next hop of the same destination too.
bool same_route_exists(nl_sock* socket, rtnl_route* wanted) {
    nl_cache* cache = nullptr;
    check(rtnl_route_alloc_cache(socket, AF_INET, 0, &cache), "Cannot list the routes");
    const CachePointer owner(cache);
    for (nl_object* each = nl_cache_get_first(cache); each; each = nl_cache_get_next(each)) {
        if (goes_the_way_of(reinterpret_cast<rtnl_route*>(each), wanted)) {
            return true;
        }
    }
    return false;
}

}  // namespace

AddressPointer netlink::to_nl_addr(IpAddress address, unsigned prefix_length) {
    AddressPointer result(allocated(nl_addr_build(AF_INET, &address.v4, sizeof(address.v4))));
    nl_addr_set_prefixlen(result.get(), static_cast<int>(prefix_length));
    return result;
}

std::vector<std::pair<int, IpPrefix>> Netlink::addresses() {
    nl_cache* cache = nullptr;
    check(rtnl_addr_alloc_cache(socket_.get(), &cache), "Cannot list the addresses");
    const CachePointer owner(cache);
    std::vector<std::pair<int, IpPrefix>> found;
    for (nl_object* each = nl_cache_get_first(cache); each; each = nl_cache_get_next(each)) {
        auto* address = reinterpret_cast<rtnl_addr*>(each);
        if (const auto local = to_address(rtnl_addr_get_local(address))) {
            const auto length = static_cast<unsigned>(rtnl_addr_get_prefixlen(address));
            found.emplace_back(rtnl_addr_get_ifindex(address), IpPrefix{*local, length});
        }
    }
    return found;
}

std::vector<IpPrefix> Netlink::addresses(int ifindex) {
    std::vector<IpPrefix> found;
    for (const auto& [index, prefix] : addresses()) {
        if (index == ifindex) {
            found.push_back(prefix);
        }
    }
    return found;
}

std::vector<std::pair<int, IpPrefix>> Netlink::routes() {
    nl_cache* cache = nullptr;
    check(rtnl_route_alloc_cache(socket_.get(), AF_INET, 0, &cache), "Cannot list the routes");
    const CachePointer owner(cache);
    std::vector<std::pair<int, IpPrefix>> found;
    for (nl_object* each = nl_cache_get_first(cache); each; each = nl_cache_get_next(each)) {
        auto* route = reinterpret_cast<rtnl_route*>(each);
        const nl_addr* destination = rtnl_route_get_dst(route);
        const auto network = to_address(destination);  // none: a default route
        if (!network || rtnl_route_get_type(route) != RTN_UNICAST) {
            continue;
        }
        const IpPrefix prefix{*network, nl_addr_get_prefixlen(destination)};
        for (int n = 0; n < rtnl_route_get_nnexthops(route); ++n) {
            found.emplace_back(rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route, n)), prefix);
        }
    }
    return found;
}

bool Netlink::has_address(const std::string& interface, const IpPrefix& address) {
    const auto all = addresses(netlink::index_of(socket_.get(), interface));
    return std::find(all.begin(), all.end(), address) != all.end();
}

bool Netlink::has_route(const RouteOption& route) {
    const RoutePointer wanted = describe(socket_.get(), route);
    return same_route_exists(socket_.get(), wanted.get());
}

bool Netlink::add_address(const std::string& interface, const IpPrefix& address) {
    const auto request = describe(netlink::index_of(socket_.get(), interface), address);
    const int error = rtnl_addr_add(socket_.get(), request.get(), NLM_F_EXCL);
    if (error == -NLE_EXIST) {
        return false;
    }
    check(error, "Cannot add address {} to interface '{}'", address.text(), interface);
    return true;
}

bool Netlink::remove_address(const std::string& interface, const IpPrefix& address) {
    const auto on = link(interface);
    if (!on) {
        return false;
    }
    const auto request = describe(on->index, address);
    const int error = rtnl_addr_delete(socket_.get(), request.get(), 0);
    if (error == -NLE_NOADDR) {
        return false;
    }
    check(error, "Cannot remove address {} from interface '{}'", address.text(), interface);
    return true;
}

bool Netlink::add_route(const RouteOption& route) {
    const RoutePointer request = describe(socket_.get(), route);
    const int error = rtnl_route_add(socket_.get(), request.get(), NLM_F_CREATE | NLM_F_EXCL);
    if (error == -NLE_EXIST && same_route_exists(socket_.get(), request.get())) {
        return false;
    }
    check(error, "Cannot add route {}", text_of(route));
    return true;
}

bool Netlink::remove_route(const RouteOption& route) {
    if (!route.interface.empty() && !link(route.interface)) {
        return false;
    }
    const RoutePointer request = describe(socket_.get(), route);
    const int error = rtnl_route_delete(socket_.get(), request.get(), 0);
    if (error == -NLE_OBJ_NOTFOUND) {
        return false;
    }
    check(error, "Cannot remove route {}", text_of(route));
    return true;
}

}  // namespace ctgate

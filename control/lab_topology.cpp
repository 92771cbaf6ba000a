// SPDX-License-Identifier: GPL-2.0-only
// The lab's namespaces, links, addresses and routes; what is drawn in lab.hpp.
#include <algorithm>

#include "control/lab.hpp"
#include "control/netlink.hpp"
#include "control/netns.hpp"
#include "control/sysctl.hpp"

namespace ctgate::lab {
namespace {

constexpr const char* bridge_netfilter = "net/bridge/bridge-nf-call-iptables";

IpPrefix prefix(std::string_view text) {
    return IpPrefix::parse(text).value();
}

RouteOption route(std::string_view destination, std::string_view via) {
    return {prefix(destination), IpAddress::parse(via).value(), ""};
}

void build_client(const Host& client, const char* address) {
    const std::string port(client.name);
    {
        const netns::Scope scope(open_netns(gateway));
        Netlink netlink;
        netlink.add_veth(port, "eth0", open_netns(client));
        netlink.set_master(port, internal_interface);
        netlink.set_up(port, true);
    }
    const netns::Scope scope(open_netns(client));
    Netlink netlink;
    netlink.add_address("eth0", prefix(address));
    netlink.set_up("eth0", true);
    netlink.add_route(route("0.0.0.0/0", "10.0.0.1"));
}

// The server has no route to 10.0.0.0/24: it can answer translated packets only.
void build_server() {
    const netns::Scope scope(open_netns(server));
    Netlink netlink;
    netlink.add_address("eth0", prefix("203.0.113.2/24"));
    netlink.set_up("eth0", true);
    netlink.add_address("lo", prefix("198.51.100.2/32"));
}

void build_gateway() {
    const netns::Scope scope(open_netns(gateway));
    Netlink netlink;
    // Where the kernel has it, it is on in a fresh namespace; ctgate would refuse to serve.
    if (sysctl::read(bridge_netfilter)) {
        sysctl::write(bridge_netfilter, "0");
    }
    netlink.add_bridge(internal_interface);
    netlink.add_address(internal_interface, prefix("10.0.0.1/24"));
    netlink.set_up(internal_interface, true);
    netlink.add_veth(external_interface, "eth0", open_netns(server));
    netlink.add_address(external_interface, prefix("203.0.113.1/24"));
    netlink.set_up(external_interface, true);
    netlink.add_route(route("198.51.100.0/24", "203.0.113.2"));
}

}  // namespace

FileDescriptor open_netns(const Host& host) {
    if (!netns::exists(std::string(host.netns))) {
        throw std::runtime_error("The lab is not up; 'ctgate lab up' builds it");
    }
    return netns::open_named(std::string(host.netns));
}

bool any_netns_exists() {
    return std::any_of(hosts.begin(), hosts.end(),
                       [](const Host& host) { return netns::exists(std::string(host.netns)); });
}

void build_topology() {
    for (const Host& host : hosts) {
        netns::create(std::string(host.netns));
    }
    build_gateway();
    build_client(client1, "10.0.0.2/24");
    build_client(client2, "10.0.0.3/24");
    build_server();
}

void remove_topology() {
    for (const Host& host : hosts) {
        netns::remove(std::string(host.netns));
    }
}

}  // namespace ctgate::lab

// SPDX-License-Identifier: GPL-2.0-only
#include "control/selftest_network.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "control/netlink.hpp"
#include "control/netns.hpp"
#include "control/sysctl.hpp"

namespace ctgate::selftest {
namespace {

constexpr const char* bridge_netfilter = "net/bridge/bridge-nf-call-iptables";

Mac mac_of(const char* interface) {
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    if (!socket || ::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                std::string("Cannot read the MAC address of ") + interface);
    }
    Mac mac{};
    std::copy_n(request.ifr_hwaddr.sa_data, mac.size(), mac.begin());
    return mac;
}

// A new namespace begins with the settings of the machine's first one, whatever they are.
FileDescriptor create_netns() {
    FileDescriptor ns = netns::create_unnamed();
    const netns::Scope scope(ns);
    for (const char* setting : {"net/ipv4/ip_forward", "net/ipv4/conf/all/rp_filter",
                                "net/ipv4/conf/default/rp_filter", "net/ipv4/icmp_ratelimit"}) {
        sysctl::write(setting, "0");
    }
    return ns;
}

}  // namespace

IpAddress address(const char* text) {
    return IpAddress::parse(text).value();
}

Network::Network(const std::vector<IpAddress>& external)
    : gateway_(create_netns()),
      a_{"A", address("10.0.0.2"), create_netns(), {}},
      b_{"B", address("10.0.0.3"), create_netns(), {}},
      outside_{"outside", outside_router, create_netns(), {}} {
    build_gateway(external);
    build_client(a_, "a");
    build_client(b_, "b");
    build_outside();
    const netns::Scope scope(gateway_);
    a_.gateway = b_.gateway = mac_of(internal_interface);
    outside_.gateway = mac_of(external_interface);
}

void Network::build_gateway(const std::vector<IpAddress>& external) {
    const netns::Scope scope(gateway_);
    Netlink netlink;
    // Where the kernel has it, it is on in a fresh namespace; ctgate would refuse to serve.
    if (sysctl::read(bridge_netfilter)) {
        sysctl::write(bridge_netfilter, "0");
    }
    netlink.add_bridge(internal_interface);
    netlink.add_address(internal_interface, {address("10.0.0.1"), internal_network.length});
    netlink.set_up(internal_interface, true);
    netlink.add_veth(external_interface, "eth0", outside_.netns);
    netlink.set_mtu(external_interface, outside_mtu);
    netlink.add_address(external_interface, {external_address, external_network.length});
    for (const IpAddress& each : external) {
        netlink.add_address(external_interface, {each, external_network.length});
    }
    netlink.set_up(external_interface, true);
    netlink.add_route({{address("0.0.0.0"), 0}, outside_router, ""});
}

void Network::build_client(Host& client, const char* port) {
    {
        const netns::Scope scope(gateway_);
        Netlink netlink;
        netlink.add_veth(port, "eth0", client.netns);
        netlink.set_master(port, internal_interface);
        netlink.set_up(port, true);
    }
    const netns::Scope scope(client.netns);
    Netlink netlink;
    netlink.add_address("eth0", {client.address, internal_network.length});
    netlink.set_up("eth0", true);
    netlink.add_route({{address("0.0.0.0"), 0}, address("10.0.0.1"), ""});
}

void Network::build_outside() {
    const netns::Scope scope(outside_.netns);
    Netlink netlink;
    netlink.add_address("eth0", {outside_router, external_network.length});
    netlink.set_mtu("eth0", outside_mtu);
    netlink.set_up("eth0", true);
    for (const IpAddress& server : {server1, server2}) {
        netlink.add_address("lo", {server, 32});
    }
}

}  // namespace ctgate::selftest

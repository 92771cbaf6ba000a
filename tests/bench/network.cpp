// SPDX-License-Identifier: GPL-2.0-only
#include "bench/network.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "bench/device.hpp"
#include "bench/flows.h"
#include "control/netlink.hpp"
#include "control/netns.hpp"
#include "control/sysctl.hpp"

namespace ctgate::bench {
namespace {

constexpr const char* router_outside = "203.0.113.1";
constexpr const char* server_outside = "203.0.113.254";
constexpr unsigned link_prefix = 24;

// A new namespace begins with the settings of the machine's first one, whatever they are. IPv6
// would only add packets that nobody asked for.
FileDescriptor create_netns() {
    FileDescriptor ns = netns::create_unnamed();
    const netns::Scope scope(ns);
    for (const char* setting : {"net/ipv4/ip_forward", "net/ipv4/conf/all/rp_filter",
                                "net/ipv4/conf/default/rp_filter"}) {
        sysctl::write(setting, "0");
    }
    for (const char* setting :
         {"net/ipv6/conf/all/disable_ipv6", "net/ipv6/conf/default/disable_ipv6"}) {
        if (sysctl::read(setting)) {
            sysctl::write(setting, "1");
        }
    }
    return ns;
}

RouteOption default_route(const IpAddress& via) {
    return {{address("0.0.0.0"), 0}, via, ""};
}

// Sending anything is enough.
void poke(const IpAddress& neighbour) {
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = neighbour.v4;
    to.sin_port = htons(BENCH_REMOTE_PORT);
    if (!socket ||
        ::sendto(socket.get(), "", 1, 0, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 1) {
        throw std::system_error(errno, std::generic_category(),
                                fmt::format("Cannot send to {}", neighbour.text()));
    }
}

}  // namespace

IpAddress address(const std::string& text) {
    return IpAddress::parse(text).value();
}

Network::Network(unsigned internal_links, bool translated)
    : client_(create_netns()), router_(create_netns()), server_(create_netns()) {
    for (unsigned i = 0; i < internal_links; ++i) {
        internals_.push_back({fmt::format("eth{}", i), fmt::format("inside{}", i),
                              address(fmt::format("10.{}.0.2", i)),
                              address(fmt::format("10.{}.0.1", i))});
        build_inside(internals_.back());
    }
    build_outside(translated);
}

void Network::build_inside(const Internal& internal) {
    {
        const netns::Scope scope(router_);
        Netlink netlink;
        netlink.add_veth(internal.router_interface, internal.client_interface, client_);
        netlink.add_address(internal.router_interface, {internal.router, link_prefix});
        netlink.set_up(internal.router_interface, true);
    }
    const netns::Scope scope(client_);
    Netlink netlink;
    netlink.add_address(internal.client_interface, {internal.client, link_prefix});
    netlink.set_up(internal.client_interface, true);
    if (internals_.size() == 1) {
        netlink.add_route(default_route(internal.router));
    }
}

void Network::build_outside(bool translated) {
    {
        const netns::Scope scope(router_);
        Netlink netlink;
        netlink.add_veth(external_interface, server_interface, server_);
        set_queues(external_interface, static_cast<unsigned>(internals_.size()));
        netlink.add_address(external_interface, {address(router_outside), link_prefix});
        netlink.set_up(external_interface, true);
        netlink.add_route(default_route(address(server_outside)));
    }
    const netns::Scope scope(server_);
    set_queues(server_interface, static_cast<unsigned>(internals_.size()));
    Netlink netlink;
    netlink.add_address(server_interface, {address(server_outside), link_prefix});
    netlink.set_up(server_interface, true);
    netlink.add_address("lo", {address(server_address), 32});
    if (!translated) {
        netlink.add_route({{address("10.0.0.0"), 8}, address(router_outside), ""});
    }
}

void Network::resolve_neighbours() const {
    const netns::Scope scope(router_);
    poke(address(server_outside));
    for (const Internal& internal : internals_) {
        poke(internal.client);
    }
}

}  // namespace ctgate::bench

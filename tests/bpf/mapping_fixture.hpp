// SPDX-License-Identifier: GPL-2.0-only
// What the tests of mappings share: packets between endpoints given as text, and a look at the
// ports.
#pragma once

#include <ctime>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "bpf/dataplane_fixture.hpp"

namespace ctgate {

constexpr const char* external_address = "203.0.113.1";

class Mapping : public DataplaneTest {
  protected:
    Fate send(const std::string& from, const std::string& to, std::uint8_t protocol = IPPROTO_UDP) {
        const Endpoint source = endpoint_of(from);
        const Endpoint destination = endpoint_of(to);
        const IPv4 ip{.source = source.address.text(), .destination = destination.address.text()};
        return protocol == IPPROTO_UDP ? from_inside(ip / UDP{.source_port = source.port,
                                                              .destination_port = destination.port})
                                       : from_inside(ip / TCP{.source_port = source.port,
                                                              .destination_port = destination.port,
                                                              .flags = SYN});
    }

    Fate receive(const std::string& from, const std::string& to,
                 std::uint8_t protocol = IPPROTO_UDP, std::uint8_t flags = SYN) {
        const Endpoint source = endpoint_of(from);
        const Endpoint destination = endpoint_of(to);
        const IPv4 ip{.source = source.address.text(), .destination = destination.address.text()};
        return protocol == IPPROTO_UDP
                   ? from_outside(
                         ip / UDP{.source_port = source.port, .destination_port = destination.port})
                   : from_outside(ip / TCP{.source_port = source.port,
                                           .destination_port = destination.port,
                                           .flags = flags});
    }

    // The external endpoint of the session between these two.
    static std::string external_of(const std::string& from, const std::string& to) {
        for (const Session& session : sessions()) {
            if (session.source.text() == from && session.destination.text() == to) {
                return session.reply_destination.text();
            }
        }
        ADD_FAILURE() << "no session from " << from << " to " << to;
        return "";
    }

    std::size_t ports_in_use(std::uint8_t protocol = IPPROTO_UDP) {
        return ports(external_address, protocol).used().count();
    }

    ctgate_port_slot slot(std::uint16_t port, std::uint8_t protocol = IPPROTO_UDP) {
        return ports(external_address, protocol).slot(port);
    }

    // As the dataplane counts them.
    static unsigned coarse_seconds() {
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
        return static_cast<unsigned>(now.tv_sec);
    }

    // For things that the timer of the ports does.
    static bool within(std::chrono::seconds limit, const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) {
                return false;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return true;
    }

    // Of 10.0.0.2:PORT, which has no session to tell it.
    unsigned mapped_port(const std::string& port, std::uint8_t protocol) {
        const Endpoint internal = endpoint_of("10.0.0.2:" + port);
        const PortMemory memory = ports(external_address, protocol);
        const Ports used = memory.used();
        for (unsigned number = 0; number < CTGATE_PORTS; number++) {
            const ctgate_port_slot& each = memory.slot(static_cast<std::uint16_t>(number));
            if (used[number] && each.internal.words[0] == internal.address.v4 &&
                ntohs(each.internal_port) == internal.port) {
                return number;
            }
        }
        ADD_FAILURE() << "no mapping of " << internal.text();
        return 0;
    }

    static void forget_sessions() {
        conntrack::update(
            [](const Session&) { return conntrack::Change{.action = conntrack::Action::erase}; });
    }

    static void set_timeouts(unsigned udp, unsigned established, unsigned transitory,
                             unsigned rest = 0) {
        ctgate_settings settings = default_settings();
        settings.udp_timeout = udp;
        settings.tcp_established_timeout = established;
        settings.tcp_transitory_timeout = transitory;
        settings.rest = rest;
        set_settings(settings);
    }
};

}  // namespace ctgate

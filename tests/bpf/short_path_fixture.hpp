// SPDX-License-Identifier: GPL-2.0-only
// An established session, its packets, and what they are to be on the other side.
#pragma once

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>

#include <chrono>
#include <thread>

#include "bpf/dataplane_fixture.hpp"
#include "bpf/neighbour.hpp"
#include "ctgate/session_cache.h"

namespace ctgate {

inline constexpr packet::Mac isp_mac = {0x02, 0, 0, 0, 0, 0xfe};
inline constexpr packet::Mac client_mac = {0x02, 0, 0, 0, 0, 0x22};

// 10.0.0.2:40000 -> 198.51.100.7:80, outside 203.0.113.1 and the same port or another.
class ShortPath : public DataplaneTest, public testing::WithParamInterface<std::uint8_t> {
  protected:
    ShortPath() {
        add_neighbour(outside_ifindex(), "203.0.113.254", isp_mac);
        add_neighbour(inside_ifindex(), "10.0.0.2", client_mac);
    }

    static NewEntry entry(std::uint16_t external_port = 40001) {
        return {.protocol = GetParam(),
                .source = endpoint_of("10.0.0.2:40000"),
                .destination = endpoint_of("198.51.100.7:80"),
                .translated_source = Endpoint{endpoint_of("203.0.113.1:1").address, external_port},
                .mark = CTGATE_ACCEPTED_MARK,
                .status = IPS_SEEN_REPLY};
    }

    void establish(const NewEntry& entry) {
        creator().create(entry);
        if (GetParam() == IPPROTO_TCP) {
            set_tcp_state(entry, TCP_CONNTRACK_ESTABLISHED);
        }
    }

    // Of the session, as it is inside, and as it is outside.
    static Packet from_client(const IPv4& ip = {}, std::uint8_t flags = ACK) {
        return packet(ip, 40000, 80, flags);
    }
    static Packet from_server(std::uint16_t external_port = 40001, std::uint8_t flags = ACK) {
        return packet({.source = "198.51.100.7", .destination = "203.0.113.1"}, 80, external_port,
                      flags);
    }
    static Packet packet(const IPv4& ip, std::uint16_t source, std::uint16_t destination,
                         std::uint8_t flags) {
        if (GetParam() == IPPROTO_UDP) {
            return ip / UDP{.source_port = source, .destination_port = destination} /
                   Payload{"odd"};
        }
        return ip / TCP{.source_port = source, .destination_port = destination, .flags = flags} /
               Payload{"odd"};
    }

    Packet to_server(Packet packet, std::uint16_t external_port = 40001) const {
        return translated(std::move(packet), {"203.0.113.1", external_port}, {},
                          {.destination = isp_mac, .source = outside_mac()});
    }
    Packet to_client(Packet packet) const {
        return translated(std::move(packet), {}, {"10.0.0.2", 40000},
                          {.destination = client_mac, .source = inside_mac()});
    }

    struct End {
        std::string address;
        std::uint16_t port = 0;
    };
    static Packet translated(Packet packet, const End& source, const End& destination,
                             const Ethernet& ethernet) {
        const auto change = [&](auto& transport) {
            if (source.port != 0) {
                packet.ip->source = source.address;
                transport.source_port = source.port;
            }
            if (destination.port != 0) {
                packet.ip->destination = destination.address;
                transport.destination_port = destination.port;
            }
        };
        if (GetParam() == IPPROTO_UDP) {
            change(std::get<UDP>(packet.transport));
        } else {
            change(std::get<TCP>(packet.transport));
        }
        packet.ip->ttl--;
        packet.ethernet = ethernet;
        return packet;
    }

    static const Fate& first() {
        static const Fate fate = short_path("session_cached");
        return fate;
    }

    static std::uint32_t ticks() {
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
        return CTGATE_CACHE_TICKS(static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                                  static_cast<std::uint64_t>(now.tv_nsec));
    }
    static void make_stale() {
        ctgate_settings settings = default_settings();
        settings.cache_valid_from = ticks();
        set_settings(settings);
    }
    // 34 ms at most. What is renewed in the tick in which all became stale is stale as well; and
    // the dataplane's clock is up to 10 ms late.
    static void await_next_tick() {
        const std::uint32_t before = ticks();
        while (ticks() - before < 2) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    static std::vector<ctgate_cache_record> records() {
        std::vector<ctgate_cache_record> result;
        bpf_map* map = gateway_programs()->maps.session_cache;
        ctgate_cache_key key{};
        for (const ctgate_cache_key* previous = nullptr;
             bpf_map__get_next_key(map, previous, &key, sizeof(key)) == 0; previous = &key) {
            ctgate_cache_record record{};
            EXPECT_EQ(bpf_map__lookup_elem(map, &key, sizeof(key), &record, sizeof(record), 0), 0);
            result.push_back(record);
        }
        return result;
    }
};

}  // namespace ctgate

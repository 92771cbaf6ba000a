// SPDX-License-Identifier: GPL-2.0-only
// What must hold of the ports whatever happens: no port is given twice, none is lost, and the last
// one is found; also with several CPUs at once.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "bpf/dataplane_fixture.hpp"

namespace ctgate {
namespace {

using namespace std::chrono_literals;

class PortAllocator : public DataplaneTest {
  protected:
    static constexpr const char* external = "203.0.113.1";

    Bytes frame(unsigned host, std::uint16_t port) const {
        return (Ethernet{.destination = inside_mac()} /
                IPv4{.source = "10.0.0." + std::to_string(host)} / UDP{.source_port = port})
            .bytes();
    }

    // True: it has a session now.
    bool send(unsigned host, std::uint16_t port) const {
        return run(gateway_programs()->progs.internal_l2,
                   {.bytes = frame(host, port), .ifindex = inside_ifindex()})
                   .verdict == ~0U;
    }

    std::size_t in_use() { return ports(external, IPPROTO_UDP).used().count(); }

    // As if the time of every mapping that `chosen` takes were over; its sessions end too.
    template <typename Chosen>
    void end_mappings(Chosen chosen) {
        PortMemory memory = ports(external, IPPROTO_UDP);
        for (unsigned number = 0; number < CTGATE_PORTS; number++) {
            ctgate_port_slot& slot = memory.slot(static_cast<std::uint16_t>(number));
            if (slot.state == CTGATE_PORT_MAPPED && chosen()) {
                slot.mapped_until = 0;
                slot.held_until = 0;
            }
        }
        conntrack::update([&](const Session& session) {
            return memory.slot(session.reply_destination.port).held_until == 0
                       ? conntrack::Change{.action = conntrack::Action::erase}
                       : conntrack::Change{};
        });
    }

    // Every mapping has a port whose slot says the same, and each such slot has its mapping.
    void expect_consistent() {
        const PortMemory memory = ports(external, IPPROTO_UDP);
        const Ports used = memory.used();
        std::size_t mapped = 0;
        for (unsigned number = 0; number < CTGATE_PORTS; number++) {
            const ctgate_port_slot& slot = memory.slot(static_cast<std::uint16_t>(number));
            if (slot.state != CTGATE_PORT_MAPPED || !used[number]) {
                continue;
            }
            ctgate_mapping_key key{};
            key.address = slot.internal;
            key.port = slot.internal_port;
            key.protocol = IPPROTO_UDP;
            key.ifindex = slot.ifindex;
            ctgate_mapping mapping{};
            if (bpf_map_lookup_elem(port_maps().mappings, &key, &mapping) == 0) {
                EXPECT_EQ(ntohs(mapping.port), number);
                mapped++;
            }
        }
        EXPECT_EQ(mapped, mappings());
    }

    static std::size_t mappings() {
        std::size_t count = 0;
        ctgate_mapping_key key{};
        for (const ctgate_mapping_key* previous = nullptr;
             bpf_map_get_next_key(port_maps().mappings, previous, &key) == 0; previous = &key) {
            count++;
        }
        return count;
    }

    unsigned ports_of_hosts() const {
        unsigned sum = 0;
        for (unsigned host = 2; host < 250; host++) {
            const ctgate_host_key key{
                .address = IpAddress::parse("10.0.0." + std::to_string(host)).value().to_bytes(),
                .protocol = IPPROTO_UDP};
            ctgate_host value{};
            if (bpf_map__lookup_elem(gateway_programs()->maps.hosts, &key, sizeof(key), &value,
                                     sizeof(value), 0) == 0) {
                sum += value.ports;
            }
        }
        return sum;
    }
};

TEST_F(PortAllocator, EveryPortComesBack) {
    set_pool({{external, {{1000, 1199}, {40000, 40199}}}});
    std::random_device device;
    const unsigned seed = device();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::minstd_rand random(seed);
    for (int round = 0; round < 1000; round++) {
        const auto host = static_cast<unsigned>(2 + random() % 20);
        send(host, static_cast<std::uint16_t>(1 + random() % 65535));
        if (random() % 20 == 0) {
            end_mappings([&] { return random() % 2 == 0; });
        }
    }
    EXPECT_EQ(ports_of_hosts(), mappings());
    expect_consistent();
    end_mappings([] { return true; });
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (in_use() != 0 && std::chrono::steady_clock::now() < limit) {
        std::this_thread::sleep_for(50ms);
    }
    EXPECT_EQ(in_use(), 0u);
    EXPECT_EQ(mappings(), 0u);
    EXPECT_EQ(ports_of_hosts(), 0u);
    EXPECT_EQ(counter("mapping_created"), counter("mapping_ended"));
}

// Twice as many internal endpoints as ports, from all CPUs at once.
TEST_F(PortAllocator, ExactWithSeveralCpusAtOnce) {
    constexpr unsigned all = 3000;
    set_pool({{external, {{500, 1499}, {30000, 30000 + all - 1001}}}});
    const unsigned cpus = std::max(2U, std::thread::hardware_concurrency());
    std::atomic<unsigned> next = 0;
    std::atomic<unsigned> created = 0;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < cpus; i++) {
        threads.emplace_back([&] {
            for (unsigned number = next++; number < 2 * all; number = next++) {
                created +=
                    send(2 + number % 200, static_cast<std::uint16_t>(5000 + number / 200)) ? 1 : 0;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(created, all);
    EXPECT_EQ(in_use(), all);
    EXPECT_EQ(mappings(), all);
    std::set<std::string> external_endpoints;
    for (const Session& session : sessions()) {
        external_endpoints.insert(session.reply_destination.text());
    }
    EXPECT_EQ(external_endpoints.size(), all);
    EXPECT_EQ(counter("drop_ports_exhausted"), all);
    expect_consistent();
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Port blocks: a host has ports of its own blocks only; no block is lost, whatever happens, also
// with several CPUs at once.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "bpf/mapping_fixture.hpp"

namespace ctgate {
namespace {

using namespace std::chrono_literals;

class PortBlocks : public Mapping {
  protected:
    static constexpr unsigned order = CTGATE_MIN_BLOCK_ORDER;
    static constexpr unsigned size = 1U << order;

    static std::string host(unsigned number) { return "10.0.0." + std::to_string(number); }

    void set_range(std::uint16_t low, std::uint16_t high, unsigned block_order = order) {
        set_pool({{external_address, {{low, high}}}}, block_order);
    }

    Fate begin(unsigned number, unsigned port, const std::string& remote = "198.51.100.7:53") {
        return send(host(number) + ":" + std::to_string(port), remote);
    }

    // The external ports that each host has, by the slots.
    std::map<std::string, std::set<unsigned>> ports_by_host() {
        const PortMemory memory = ports(external_address, IPPROTO_UDP);
        const Ports used = memory.used();
        std::map<std::string, std::set<unsigned>> result;
        for (unsigned port = 0; port < CTGATE_PORTS; port++) {
            const ctgate_port_slot& slot = memory.slot(static_cast<std::uint16_t>(port));
            if (used[port] && slot.state == CTGATE_PORT_MAPPED) {
                result[IpAddress{slot.internal.words[0]}.text()].insert(port);
            }
        }
        return result;
    }

    // The blocks of each host, by their own word.
    std::map<std::string, std::set<unsigned>> blocks_by_host() {
        const PortMemory memory = ports(external_address, IPPROTO_UDP);
        std::map<std::string, std::set<unsigned>> result;
        for (unsigned port = 0; port < CTGATE_PORTS; port += 1U << memory.block_order()) {
            const ctgate_port_block& block = memory.block_of(static_cast<std::uint16_t>(port));
            EXPECT_NE(block.state, CTGATE_BLOCK_UNSETTLED);
            if (block.state != CTGATE_BLOCK_FREE) {
                result[IpAddress{block.host.words[0]}.text()].insert(port >> memory.block_order());
            }
        }
        return result;
    }

    std::size_t blocks_in_use() {
        std::size_t count = 0;
        for (const auto& [each, blocks] : blocks_by_host()) {
            count += blocks.size();
        }
        return count;
    }

    void expect_ports_in_own_blocks() {
        const auto blocks = blocks_by_host();
        for (const auto& [each, ports] : ports_by_host()) {
            for (const unsigned port : ports) {
                ASSERT_TRUE(blocks.contains(each)) << each;
                EXPECT_TRUE(blocks.at(each).contains(port >> order)) << each << " " << port;
            }
        }
    }

    // As if the time of the mappings of that host, or of all, were over.
    void end_mappings(const std::string& of = "") {
        PortMemory memory = ports(external_address, IPPROTO_UDP);
        for (unsigned port = 0; port < CTGATE_PORTS; port++) {
            ctgate_port_slot& slot = memory.slot(static_cast<std::uint16_t>(port));
            if (slot.state == CTGATE_PORT_MAPPED &&
                (of.empty() || IpAddress{slot.internal.words[0]}.text() == of)) {
                slot.mapped_until = 0;
                slot.held_until = 0;
            }
        }
        conntrack::update([&](const Session& session) {
            return of.empty() || session.source.address.text() == of
                       ? conntrack::Change{.action = conntrack::Action::erase}
                       : conntrack::Change{};
        });
    }
};

TEST_F(PortBlocks, AHostHasPortsOfItsOwnBlockOnly) {
    set_range(1024, 65535);
    for (unsigned number = 2; number < 12; number++) {
        for (unsigned port = 0; port < 20; port++) {
            EXPECT_FALSE(begin(number, 5000 + port).dropped);
        }
    }
    const auto blocks = blocks_by_host();
    EXPECT_EQ(blocks.size(), 10u);
    for (const auto& [each, own] : blocks) {
        EXPECT_EQ(own.size(), 1u) << each;
    }
    expect_ports_in_own_blocks();
    EXPECT_EQ(ports_in_use(), 200u);
    EXPECT_EQ(counter("port_block_taken"), 10u);
    EXPECT_EQ(ports(external_address, IPPROTO_TCP).used().count(), 0u);
}

TEST_F(PortBlocks, ASecondBlockWhenTheFirstIsFull) {
    set_range(1024, 65535);
    for (unsigned port = 0; port < size; port++) {
        begin(2, 5000 + port);
    }
    EXPECT_EQ(blocks_in_use(), 1u);
    begin(2, 6000);
    EXPECT_EQ(blocks_in_use(), 2u);
    EXPECT_EQ(ports_by_host().at(host(2)).size(), size + 1);
    expect_ports_in_own_blocks();
}

TEST_F(PortBlocks, PortsAreChosenAtRandomAndOfTheSameParity) {
    set_range(1024, 65535, 10);
    for (unsigned port = 0; port < 32; port++) {
        begin(2, 1 + 2 * port);
    }
    const std::set<unsigned> used = ports_by_host().at(host(2));
    EXPECT_TRUE(std::all_of(used.begin(), used.end(), [](unsigned port) { return port % 2 == 1; }));
    EXPECT_GT(*used.rbegin() - *used.begin(), 128u) << "that is no row of neighbours";
}

TEST_F(PortBlocks, TheInternalPortIsKeptWithinAnOwnBlock) {
    set_range(1024, 65535);
    begin(2, 1);
    const unsigned first = *ports_by_host().at(host(2)).begin();
    const unsigned other = first ^ 1U;
    EXPECT_EQ(begin(2, other), to_stack("session_created", "mapping_created", "port_preserved"));
    EXPECT_TRUE(ports_by_host().at(host(2)).contains(other));
    EXPECT_EQ(begin(3, other ^ 2U).counted.count("port_preserved"), 0u) << "of another's block";
}

// Exact: two blocks, and what the range leaves of a third.
TEST_F(PortBlocks, RefusedWhenNoBlockIsLeft) {
    set_range(1024, 1024 + 2 * size + 9);
    for (unsigned port = 0; port < size; port++) {
        EXPECT_FALSE(begin(2, 5000 + port).dropped);
    }
    EXPECT_FALSE(begin(3, 5000).dropped);
    EXPECT_FALSE(begin(4, 5000).dropped);
    EXPECT_EQ(begin(5, 5000), drop("drop_ports_exhausted"));
    EXPECT_EQ(begin(2, 6000), drop("drop_ports_exhausted")) << "others have room, but not it";
    unsigned more = 0;
    for (unsigned port = 1; port < 2 * size; port++) {
        more += begin(3, 5000 + port).dropped ? 0 : 1;
        more += begin(4, 5000 + port).dropped ? 0 : 1;
    }
    EXPECT_EQ(more, size - 1 + 9);
    EXPECT_EQ(ports_in_use(), 2 * size + 10);
    EXPECT_EQ(counter("port_block_taken"), 3u);
    expect_ports_in_own_blocks();
}

TEST_F(PortBlocks, AHostWithAllItsPortsTakesNoFurtherBlock) {
    set_range(1024, 65535);
    ctgate_settings settings = default_settings();
    settings.max_ports_per_host = size;
    set_settings(settings);
    for (unsigned port = 0; port < size; port++) {
        EXPECT_FALSE(begin(2, 5000 + port).dropped);
    }
    EXPECT_EQ(begin(2, 6000), drop("drop_port_quota"));
    EXPECT_EQ(blocks_in_use(), 1u);
}

TEST_F(PortBlocks, ForwardsAndPortsOfTheRouterAreNotGivenOutAndKeepNoBlock) {
    set_range(1024, 1024 + size - 1);
    {
        PortMemory memory = ports(external_address, IPPROTO_UDP);
        memory.claim(1030);
        memory.set_forwarded(1030, true);
        Ports allowed = ports_in({{1024, 1024 + size - 1}});
        allowed.reset(1040);
        memory.allow(allowed);
    }
    for (unsigned port = 0; port < size - 2; port++) {
        EXPECT_FALSE(begin(2, 5000 + port).dropped);
    }
    EXPECT_EQ(begin(2, 6000), drop("drop_ports_exhausted"));
    EXPECT_FALSE(ports_by_host().at(host(2)).contains(1030));
    EXPECT_FALSE(ports_by_host().at(host(2)).contains(1040));
    end_mappings();
    EXPECT_TRUE(within(10s, [&] { return blocks_in_use() == 0; }));
    EXPECT_EQ(ports_in_use(), 1u);
}

TEST_F(PortBlocks, ABlockIsFreeForOthersWhenItsLastPortIs) {
    set_range(1024, 1024 + size - 1);
    set_timeouts(300, 7440, 240);
    begin(2, 5000);
    begin(2, 5001);
    EXPECT_EQ(begin(3, 5000), drop("drop_ports_exhausted"));
    end_mappings();
    EXPECT_TRUE(within(10s, [&] { return blocks_in_use() == 0; }));
    EXPECT_EQ(counter("port_block_released"), 1u);
    EXPECT_FALSE(begin(3, 5000).dropped);
    EXPECT_TRUE(blocks_by_host().contains(host(3)));
}

TEST_F(PortBlocks, EveryPortAndEveryBlockComesBack) {
    set_range(1024, 1024 + 12 * size - 1);
    const unsigned seed = std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::minstd_rand random(seed);
    for (unsigned round = 0; round < 1500; round++) {
        begin(2 + random() % 20, 1 + random() % 65535);
        if (random() % 40 == 0) {
            end_mappings(host(2 + random() % 20));
        }
    }
    expect_ports_in_own_blocks();
    end_mappings();
    EXPECT_TRUE(within(20s, [&] { return ports_in_use() == 0 && blocks_in_use() == 0; }));
    EXPECT_EQ(counter("port_block_taken"), counter("port_block_released"));
    for (unsigned port = 0; port < 12 * size; port++) {
        EXPECT_FALSE(begin(2, 1 + port).dropped) << port;
    }
}

// While the sweep releases blocks and other CPUs take them: each half second other hosts are busy,
// and for twelve not again, in which a block is free for long, however the seconds fall.
TEST_F(PortBlocks, SeveralCpusAtOnceAgreeOnWhoseABlockIs) {
    set_range(1024, 1024 + 12 * size - 1);
    set_timeouts(1, 7440, 240);
    std::atomic<unsigned> next = 0;
    std::vector<std::thread> threads;
    const auto start = std::chrono::steady_clock::now();
    const auto changed_hands = [&] { return counter("port_block_taken") > 12; };
    for (unsigned i = 0; i < std::max(4U, std::thread::hardware_concurrency()); i++) {
        threads.emplace_back([&] {
            for (auto time = 0ns; time < 8s || (time < 60s && !changed_hands());
                 time = std::chrono::steady_clock::now() - start) {
                const unsigned number = next++;
                const auto group = static_cast<unsigned>(time / 500ms);
                const auto port = static_cast<std::uint16_t>(1024 + number / 5 % 100 * 7);
                const Bytes frame = (Ethernet{.destination = inside_mac()} /
                                     IPv4{.source = host(2 + (5 * group + number % 5) % 120)} /
                                     UDP{.source_port = port})
                                        .bytes();
                run(gateway_programs()->progs.internal_l2,
                    {.bytes = frame, .ifindex = inside_ifindex()});
                if (number % 500 == 0) {
                    forget_sessions();
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_TRUE(changed_hands());
    expect_ports_in_own_blocks();
    forget_sessions();
    end_mappings();
    EXPECT_TRUE(within(20s, [&] { return ports_in_use() == 0 && blocks_in_use() == 0; }));
    EXPECT_EQ(counter("port_block_taken"), counter("port_block_released"));
    EXPECT_EQ(counter("mapping_created"), counter("mapping_ended"));
}

TEST_F(PortBlocks, AnotherSizeLeavesTheMappingsAsTheyAre) {
    set_range(1024, 65535, 0);
    begin(2, 5000);
    begin(3, 5001);
    set_range(1024, 65535, 8);
    EXPECT_EQ(blocks_by_host(), (std::map<std::string, std::set<unsigned>>{{host(2), {5000 >> 8}}}))
        << "the first of two in a block";
    begin(2, 5000, "198.51.100.8:53");
    EXPECT_EQ(external_of(host(2) + ":5000", "198.51.100.8:53"), "203.0.113.1:5000");
    begin(2, 5002);
    EXPECT_EQ(external_of(host(2) + ":5002", "198.51.100.7:53"), "203.0.113.1:5002");
    begin(3, 5002);
    EXPECT_EQ(blocks_by_host().at(host(3)).size(), 1u);
    set_range(1024, 65535, 6);
    EXPECT_EQ(blocks_by_host().at(host(2)), std::set<unsigned>{5000 >> 6});
    set_range(1024, 65535, 0);
    EXPECT_EQ(begin(4, 9999), to_stack("session_created", "mapping_created", "port_preserved"));
}

}  // namespace
}  // namespace ctgate

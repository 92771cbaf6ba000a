// SPDX-License-Identifier: GPL-2.0-only
// What the dataplane writes into the ring for whoever listens.
#include <bpf/libbpf.h>

#include <cstring>
#include <memory>

#include "bpf/mapping_fixture.hpp"
#include "control/event.hpp"
#include "ctgate/counters.h"
#include "ctgate/events.h"

namespace ctgate {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* remote = "198.51.100.7:53";

std::uint64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec);
}

std::string text(const ctgate_event_end& end) {
    return Endpoint{{end.address.words[0]}, ntohs(end.port)}.text();
}

// "session_created 17 10.0.0.2:4000 198.51.100.7:53 203.0.113.1:4000 0.0.0.0:0"
std::string text(const ctgate_event& event) {
    return std::string(kind_name(static_cast<EventKind>(event.kind))) + " " +
           std::to_string(event.protocol) + " " + text(event.source) + " " +
           text(event.destination) + " " + text(event.new_source) + " " +
           text(event.new_destination);
}

class Events : public Mapping {
  protected:
    Events()
        : ring_(ring_buffer__new(bpf_map__fd(gateway_programs()->maps.events), &Events::take, this,
                                 nullptr),
                ring_buffer__free) {
        listen_until(monotonic_ns() + 60'000'000'000);
        told();
        const ctgate_refusal_rate none{};
        for (__u32 reason = 0; reason < CTGATE_COUNTER_MAX; reason++) {
            update(gateway_programs()->maps.refusal_rates, reason, none);
        }
        for (__u32 kind = 0; kind < CTGATE_EVENT_MAX; kind++) {
            update(gateway_programs()->maps.events_lost, kind, __u64{0});
        }
    }
    ~Events() override {
        listen_until(0);
        told();
    }

    template <typename Value>
    static void update(bpf_map* map, __u32 key, const Value& value) {
        EXPECT_EQ(bpf_map__update_elem(map, &key, sizeof(key), &value, sizeof(value), BPF_ANY), 0);
    }

    template <typename Value>
    static Value value_of(bpf_map* map, __u32 key) {
        Value value{};
        EXPECT_EQ(bpf_map__lookup_elem(map, &key, sizeof(key), &value, sizeof(value), 0), 0);
        return value;
    }

    static void listen_until(std::uint64_t until) {
        update(gateway_programs()->maps.listening, 0, ctgate_listening{.until = until});
    }
    static std::uint64_t listened_until() {
        return value_of<ctgate_listening>(gateway_programs()->maps.listening, 0).until;
    }

    // Since the last call.
    const std::vector<ctgate_event>& events() {
        events_.clear();
        ring_buffer__consume(ring_.get());
        return events_;
    }
    std::vector<std::string> told() {
        std::vector<std::string> texts;
        for (const ctgate_event& event : events()) {
            texts.push_back(text(event));
        }
        return texts;
    }

  private:
    static int take(void* self, void* data, std::size_t size) {
        EXPECT_EQ(size, sizeof(ctgate_event));
        ctgate_event event{};
        std::memcpy(&event, data, sizeof(event));
        static_cast<Events*>(self)->events_.push_back(event);
        return 0;
    }

    std::unique_ptr<ring_buffer, void (*)(ring_buffer*)> ring_;
    std::vector<ctgate_event> events_;
};

TEST_F(Events, TellOfMappingAndSessionCreated) {
    const std::uint64_t before = monotonic_ns();
    send("10.0.0.2:4000", remote);
    const std::vector<ctgate_event> two = events();
    ASSERT_EQ(two.size(), 2u);
    EXPECT_EQ(text(two[0]),
              "mapping_created 17 10.0.0.2:4000 0.0.0.0:0 203.0.113.1:4000 0.0.0.0:0");
    EXPECT_EQ(text(two[1]),
              "session_created 17 10.0.0.2:4000 198.51.100.7:53 203.0.113.1:4000 0.0.0.0:0");
    for (const ctgate_event& event : two) {
        EXPECT_GE(event.time, before);
        EXPECT_LE(event.time, monotonic_ns());
        ctgate_event rest = event;
        rest.time = 0;
        rest.source = rest.destination = rest.new_source = {};
        rest.kind = rest.protocol = 0;
        const ctgate_event zero{};
        EXPECT_EQ(std::memcmp(&rest, &zero, sizeof(rest)), 0) << "everything else is zero";
    }
    send("10.0.0.2:4000", remote);
    EXPECT_THAT(told(), IsEmpty()) << "of a session that is known";
    send("10.0.0.2:4000", "198.51.100.8:53");
    EXPECT_THAT(told(), ElementsAre(StartsWith("session_created"))) << "of a mapping that is known";
}

TEST_F(Events, TellOfSessionsFromOutsideAndHairpinned) {
    set_behaviour("10.0.0.0/24", CTGATE_ENDPOINT_INDEPENDENT, CTGATE_ENDPOINT_INDEPENDENT);
    send("10.0.0.2:4000", remote);
    told();
    receive("198.51.100.9:7", "203.0.113.1:4000");
    EXPECT_THAT(told(), ElementsAre("session_created 17 198.51.100.9:7 203.0.113.1:4000 0.0.0.0:0 "
                                    "10.0.0.2:4000"));
    send("10.0.0.3:4001", "203.0.113.1:4000");
    EXPECT_THAT(told(),
                ElementsAre("mapping_created 17 10.0.0.3:4001 0.0.0.0:0 203.0.113.1:4001 0.0.0.0:0",
                            "session_created 17 10.0.0.3:4001 203.0.113.1:4000 203.0.113.1:4001 "
                            "10.0.0.2:4000"));
}

TEST_F(Events, TellOfSharedPorts) {
    set_behaviour("10.0.0.0/24", CTGATE_ADDRESS_AND_PORT_DEPENDENT,
                  CTGATE_ADDRESS_AND_PORT_DEPENDENT);
    send("10.0.0.2:4000", remote, IPPROTO_TCP);
    const std::vector<ctgate_event> one = events();
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(text(one[0]),
              "session_created 6 10.0.0.2:4000 198.51.100.7:53 203.0.113.1:4000 0.0.0.0:0");
    EXPECT_EQ(one[0].shared, 1);
}

TEST_F(Events, TellOfMappingsThatEnd) {
    set_timeouts(1, 1, 1);
    send("10.0.0.2:4000", remote);
    told();
    std::vector<std::string> later;
    EXPECT_TRUE(within(10s, [&] {
        later = told();
        return !later.empty();
    }));
    EXPECT_THAT(later, ElementsAre("mapping_ended 17 10.0.0.2:4000 0.0.0.0:0 203.0.113.1:4000 "
                                   "0.0.0.0:0"));
}

TEST_F(Events, TellOfMappingsThatAreOutsideOfNewRanges) {
    send("10.0.0.2:4000", remote);
    told();
    set_pool({{"203.0.113.1", {{40000, 40000}}}});
    send("10.0.0.2:4000", "198.51.100.8:53");
    EXPECT_THAT(
        told(),
        ElementsAre(
            "mapping_ended 17 10.0.0.2:4000 0.0.0.0:0 203.0.113.1:4000 0.0.0.0:0",
            "mapping_created 17 10.0.0.2:4000 0.0.0.0:0 203.0.113.1:40000 0.0.0.0:0",
            "session_created 17 10.0.0.2:4000 198.51.100.8:53 203.0.113.1:40000 0.0.0.0:0"));
    EXPECT_EQ(counter("mapping_ended"), 1u);
}

TEST_F(Events, TellOfRefusalsWithTheirReason) {
    send("10.0.0.2:4000", remote);
    told();
    EXPECT_EQ(receive("198.51.100.9:7", "203.0.113.1:4000"), drop("drop_filtered"));
    const std::vector<ctgate_event> one = events();
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(text(one[0]), "refused 17 198.51.100.9:7 203.0.113.1:4000 0.0.0.0:0 0.0.0.0:0");
    EXPECT_EQ(one[0].reason, CTGATE_DROP_FILTERED);

    ctgate_settings settings = default_settings();
    settings.max_ports_per_host = 1;
    set_settings(settings);
    EXPECT_TRUE(send("10.0.0.2:4001", remote).dropped);
    const std::vector<ctgate_event> other = events();
    ASSERT_EQ(other.size(), 1u);
    EXPECT_EQ(text(other[0]), "refused 17 10.0.0.2:4001 198.51.100.7:53 0.0.0.0:0 0.0.0.0:0");
    EXPECT_EQ(other[0].reason, CTGATE_DROP_PORT_QUOTA);
}

// As many as fit in one second, or two if it ends meanwhile; the next one says how many it were.
TEST_F(Events, RefusalsAreLimitedAndCounted) {
    send("10.0.0.2:4000", remote);
    told();
    std::uint64_t refused = 0;
    std::uint64_t seen = 0;
    const auto refuse = [&](unsigned times) {
        set_times(times);
        receive("198.51.100.9:7", "203.0.113.1:4000");
        refused += times;
        for (const ctgate_event& event : events()) {
            seen += 1 + event.left_out;
        }
    };
    refuse(3 * CTGATE_REFUSALS_PER_SECOND);
    EXPECT_GE(seen, unsigned{CTGATE_REFUSALS_PER_SECOND});
    EXPECT_LT(seen, refused);
    EXPECT_TRUE(within(5s, [&] {
        refuse(1);
        return seen == refused;
    }));
}

TEST_F(Events, NobodyListens) {
    listen_until(0);
    send("10.0.0.2:4000", remote);
    EXPECT_THAT(told(), IsEmpty());
    EXPECT_EQ(value_of<__u64>(gateway_programs()->maps.events_lost, CTGATE_EVENT_SESSION_CREATED),
              0u);
}

TEST_F(Events, WhoeverListensNoMoreIsForgotten) {
    listen_until(monotonic_ns() - 1);
    send("10.0.0.2:4000", remote);
    EXPECT_THAT(told(), IsEmpty());
    EXPECT_EQ(listened_until(), 0u);
}

TEST_F(Events, AreCountedWhenTheRingIsFull) {
    const std::size_t room = bpf_map__max_entries(gateway_programs()->maps.events) /
                             (sizeof(ctgate_event) + BPF_RINGBUF_HDR_SZ);
    send("10.0.0.2:4000", remote);
    for (unsigned i = 0; i < room; i++) {
        // Of a mapping that is known: one event each.
        TestFrame frame{.bytes = (Ethernet{.destination = inside_mac()} /
                                  IPv4{.source = "10.0.0.2", .destination = "198.51.100.8"} /
                                  UDP{.source_port = 4000,
                                      .destination_port = static_cast<std::uint16_t>(1 + i)})
                                     .bytes(),
                        .ifindex = inside_ifindex()};
        run(gateway_programs()->progs.internal_l2, frame);
    }
    const __u64 lost =
        value_of<__u64>(gateway_programs()->maps.events_lost, CTGATE_EVENT_SESSION_CREATED);
    EXPECT_GT(lost, 0u);
    EXPECT_EQ(told().size() + lost, room + 2);
    send("10.0.0.2:4000", "192.0.2.1:9");
    EXPECT_EQ(told().size(), 1u) << "there is room again";
}

TEST_F(Events, TellOfPortBlocks) {
    set_pool({{"203.0.113.1"}}, 6);
    set_timeouts(1, 1, 1);
    send("10.0.0.2:4000", remote);
    const std::vector<ctgate_event> three = events();
    ASSERT_EQ(three.size(), 3u);
    const unsigned first = ntohs(three[0].new_source.port);
    const std::string whose =
        " 17 10.0.0.2:0 0.0.0.0:0 203.0.113.1:" + std::to_string(first) + " 0.0.0.0:0";
    EXPECT_EQ(text(three[0]), "block_taken" + whose);
    EXPECT_EQ(three[0].ports, 64);
    EXPECT_EQ(first % 64, 0u);
    EXPECT_EQ(ntohs(three[1].new_source.port) / 64, first / 64);
    std::vector<std::string> later;
    EXPECT_TRUE(within(20s, [&] {
        for (std::string& each : told()) {
            later.push_back(std::move(each));
        }
        return later.size() == 2;
    }));
    EXPECT_EQ(later.back(), "block_released" + whose);
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Two CPUs at once: one session has one entry, and two sessions never share an external endpoint.
#include <atomic>
#include <thread>

#include "bpf/dataplane_fixture.hpp"

namespace ctgate {
namespace {

class Concurrency : public DataplaneTest {
  protected:
    static constexpr int rounds = 300;

    // The first packets of two sessions, `rounds` times, each pair at the same moment.
    template <typename One, typename Other>
    void race(One one, Other other) {
        std::atomic<int> arrived = 0;
        std::thread thread([&] { send(other, arrived); });  // in the same network namespace
        send(one, arrived);
        thread.join();
    }

    // From port 40000 of the host, in each round to another port.
    auto to_many(const std::string& host) const {
        return [this, host](int round) { return frame(host, 40000, round + 1); };
    }

    // In each round from another port of the host.
    auto from_many(const std::string& host) const {
        return [this, host](int round) { return frame(host, 40000 + round, 53); };
    }

  private:
    template <typename FrameOf>
    void send(FrameOf frame_of, std::atomic<int>& arrived) {
        for (int round = 0; round < rounds; round++) {
            TestFrame packet{.bytes = frame_of(round), .ifindex = inside_ifindex()};
            arrived++;
            while (arrived < 2 * (round + 1)) {
                std::this_thread::yield();
            }
            EXPECT_EQ(run(gateway_programs()->progs.internal_l2, packet).verdict, ~0U);
        }
    }

    Bytes frame(const std::string& host, int source_port, int destination_port) const {
        return (Ethernet{.destination = inside_mac()} / IPv4{.source = host} /
                UDP{.source_port = static_cast<std::uint16_t>(source_port),
                    .destination_port = static_cast<std::uint16_t>(destination_port)})
            .bytes();
    }
};

TEST_F(Concurrency, OneSessionHasOneEntry) {
    // One more port than needed: a CPU may have claimed one when it finds that another was faster.
    set_pool({{"203.0.113.1", {{40000, 40001}}}});
    race(to_many("10.0.0.2"), to_many("10.0.0.2"));
    EXPECT_EQ(sessions().size(), rounds);
    EXPECT_EQ(counter("session_created"), rounds);
    EXPECT_EQ(counter("session_hit"), rounds);
    EXPECT_EQ(counter("mapping_created"), 1u);
    EXPECT_EQ(ports("203.0.113.1", IPPROTO_UDP).used().count(), 1u);
    RecordProperty("insert_clash", static_cast<int>(counter("insert_clash")));
}

TEST_F(Concurrency, OneInternalEndpointHasOneMapping) {
    race(from_many("10.0.0.2"), from_many("10.0.0.2"));
    EXPECT_EQ(sessions().size(), rounds);
    EXPECT_EQ(counter("session_created"), rounds);
    EXPECT_EQ(counter("session_hit"), rounds);
    EXPECT_EQ(counter("mapping_created"), rounds);
    EXPECT_EQ(ports("203.0.113.1", IPPROTO_UDP).used().count(), rounds);
}

TEST_F(Concurrency, TwoSessionsHaveTwoExternalEndpoints) {
    race(to_many("10.0.0.2"), to_many("10.0.0.3"));
    std::set<std::string> external;
    for (const Session& session : sessions()) {
        external.insert(session.reply_source.text() + session.reply_destination.text());
    }
    EXPECT_EQ(external.size(), 2U * rounds);
    EXPECT_EQ(counter("session_created"), 2U * rounds);
    RecordProperty("insert_clash", static_cast<int>(counter("insert_clash")));
}

}  // namespace
}  // namespace ctgate

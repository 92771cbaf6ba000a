// SPDX-License-Identifier: GPL-2.0-only
// conntrack:: against the kernel's table, with entries as the dataplane makes them.
#include "control/conntrack.hpp"

#include <gmock/gmock.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <set>
#include <stdexcept>
#include <vector>

#include "bpf/create_entry.hpp"
#include "bpf/scratch_netns.hpp"

namespace ctgate {
namespace {

using conntrack::Action;
using conntrack::Change;

Endpoint endpoint(const char* text) {
    return Endpoint::parse(text).value();
}

class Conntrack : public testing::Test {
  protected:
    static std::vector<Session> all() {
        std::vector<Session> result;
        conntrack::for_each([&](const Session& session) { result.push_back(session); });
        return result;
    }

    // UDP 10.0.0.2:FIRST.. -> 203.0.113.2:53, without NAT; the mark is the port.
    void create_many(std::uint16_t first, std::uint16_t count) {
        for (std::uint16_t i = 0; i < count; i++) {
            NewEntry entry;
            entry.source = endpoint("10.0.0.2:1");
            entry.source.port = static_cast<std::uint16_t>(first + i);
            entry.destination = endpoint("203.0.113.2:53");
            entry.mark = entry.source.port;
            creator_.create(entry);
        }
    }

    ScratchNetns netns_;
    EntryCreator creator_;
};

TEST_F(Conntrack, ShowsAnEntryOfTheKfuncsWithNatAndMark) {
    creator_.create({.protocol = IPPROTO_TCP,
                     .source = endpoint("10.0.0.2:40000"),
                     .destination = endpoint("203.0.113.2:80"),
                     .translated_source = endpoint("203.0.113.1:50000"),
                     .translated_destination = std::nullopt,
                     .mark = 0x80000001,
                     .timeout_ms = 100'000});
    const std::vector<Session> sessions = all();
    ASSERT_EQ(sessions.size(), 1u);
    const Session& session = sessions[0];
    EXPECT_EQ(session.protocol, IPPROTO_TCP);
    EXPECT_EQ(session.state, "NONE");  // the tracker of the stack has not seen it
    EXPECT_EQ(session.source.text(), "10.0.0.2:40000");
    EXPECT_EQ(session.destination.text(), "203.0.113.2:80");
    EXPECT_EQ(session.reply_source.text(), "203.0.113.2:80");
    EXPECT_EQ(session.reply_destination.text(), "203.0.113.1:50000");
    EXPECT_EQ(session.status & (IPS_NAT_MASK | IPS_CONFIRMED), IPS_SRC_NAT | IPS_CONFIRMED);
    EXPECT_EQ(session.mark, 0x80000001u);
    EXPECT_GT(session.timeout, 90u);
    EXPECT_LE(session.timeout, 100u);
}

TEST_F(Conntrack, ShowsDestinationNatAndHairpinning) {
    NewEntry entry{.protocol = IPPROTO_UDP,
                   .source = endpoint("203.0.113.2:5000"),
                   .destination = endpoint("203.0.113.1:8080"),
                   .translated_source = std::nullopt,
                   .translated_destination = endpoint("10.0.0.3:80")};
    creator_.create(entry);
    entry.source = endpoint("10.0.0.2:6000");
    entry.translated_source = endpoint("203.0.113.1:6000");
    creator_.create(entry);
    for (const Session& session : all()) {
        const bool hairpin = session.source.port == 6000;
        EXPECT_EQ(session.status & IPS_NAT_MASK, hairpin ? IPS_SRC_NAT | IPS_DST_NAT : IPS_DST_NAT);
        EXPECT_EQ(session.reply_source.text(), "10.0.0.3:80");
        EXPECT_EQ(session.reply_destination.text(),
                  hairpin ? "203.0.113.1:6000" : "203.0.113.2:5000");
    }
    EXPECT_EQ(conntrack::count(), 2u);
}

// Far more than fit one netlink message, so the dump pauses and goes on.
TEST_F(Conntrack, VisitsEachOfManyEntriesOnce) {
    create_many(1000, 3000);
    std::multiset<std::uint16_t> ports;
    conntrack::for_each([&](const Session& session) { ports.insert(session.source.port); });
    ASSERT_EQ(ports.size(), 3000u);
    EXPECT_EQ(std::set<std::uint16_t>(ports.begin(), ports.end()).size(), 3000u);
    EXPECT_EQ(*ports.begin(), 1000);
    EXPECT_EQ(*ports.rbegin(), 3999);
    EXPECT_EQ(conntrack::count(), 3000u);
}

TEST_F(Conntrack, UpdateMarksAndErases) {
    create_many(1000, 300);
    const std::size_t changed = conntrack::update([](const Session& session) -> Change {
        switch (session.source.port % 3) {
            case 0:
                return {.action = Action::erase};
            case 1:
                return {.action = Action::set_mark, .mark = 0x80000000, .mask = 0x80000000};
            default:
                return {};
        }
    });
    EXPECT_EQ(changed, 200u);
    EXPECT_EQ(conntrack::count(), 200u);
    for (const Session& session : all()) {
        EXPECT_NE(session.source.port % 3, 0);
        EXPECT_EQ(session.mark,
                  session.source.port | (session.source.port % 3 == 1 ? 0x80000000u : 0u));
    }
}

TEST_F(Conntrack, UpdatePassesOverEntriesThatAreGone) {
    create_many(1000, 10);
    bool first = true;
    const std::size_t changed = conntrack::update([&](const Session&) -> Change {
        if (first) {
            first = false;
            EXPECT_EQ(
                conntrack::update([](const Session& session) -> Change {
                    return {.action = session.source.port < 1004 ? Action::erase : Action::keep};
                }),
                4u);
        }
        return {.action = Action::erase};
    });
    EXPECT_EQ(changed, 6u);
    EXPECT_EQ(conntrack::count(), 0u);
}

TEST_F(Conntrack, ErrorsOfTheVisitorEndTheDump) {
    create_many(1000, 2000);
    int visited = 0;
    EXPECT_THROW(conntrack::for_each([&](const Session&) {
                     visited++;
                     throw std::runtime_error("enough");
                 }),
                 std::runtime_error);
    EXPECT_EQ(visited, 1);
    EXPECT_EQ(all().size(), 2000u);  // a new dump starts from the beginning
}

TEST_F(Conntrack, EmptyTable) {
    EXPECT_TRUE(all().empty());
    EXPECT_EQ(conntrack::count(), 0u);
    EXPECT_GT(conntrack::limit(), 0u);
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Events: from the dataplane's records to lines for programs, for people and for the NAT log.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/event.hpp"
#include "control/event_filter.hpp"
#include "control/nat_log.hpp"
#include "control/session_watch.hpp"
#include "ctgate/counters.h"

namespace ctgate {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t noon = 1'769'860'800'123'456'789;  // 2026-01-31 12:00:00 UTC

ctgate_event_end end_of(const char* text) {
    const Endpoint endpoint = Endpoint::parse(text).value();
    return {.address = endpoint.address.to_bytes(), .port = htons(endpoint.port), .reserved = 0};
}

ctgate_event record(ctgate_event_kind kind, const char* source, const char* new_source) {
    ctgate_event event{};
    event.time = 1000;
    event.kind = static_cast<__u8>(kind);
    event.protocol = IPPROTO_UDP;
    event.source = end_of(source);
    if (new_source != nullptr) {
        event.new_source = end_of(new_source);
    }
    return event;
}

Event event_of(const ctgate_event& record) {
    return to_event(record, noon - 1000);
}

ctgate_event session_record() {
    ctgate_event event = record(CTGATE_EVENT_SESSION_CREATED, "10.0.0.2:4000", "203.0.113.1:40000");
    event.destination = end_of("198.51.100.7:53");
    return event;
}

ctgate_event block_record() {
    ctgate_event event = record(CTGATE_EVENT_BLOCK_TAKEN, "10.0.0.2:0", "203.0.113.1:1024");
    event.ports = 512;
    return event;
}

ctgate_event refused_record() {
    ctgate_event event = record(CTGATE_EVENT_REFUSED, "10.0.0.2:4000", nullptr);
    event.destination = end_of("198.51.100.7:53");
    event.reason = CTGATE_DROP_PORT_QUOTA;
    event.left_out = 12;
    return event;
}

TEST(Events, SessionFromInside) {
    const std::string line = json_line(event_of(session_record()));
    EXPECT_EQ(json::parse(line), json::parse(R"({
        "time": "2026-01-31T12:00:00.123456Z", "event": "session_created", "protocol": "udp",
        "nat": "source", "internal": {"address": "10.0.0.2", "port": 4000},
        "external": {"address": "203.0.113.1", "port": 40000},
        "remote": {"address": "198.51.100.7", "port": 53}})"));
    EXPECT_EQ(event_text(line),
              "2026-01-31T12:00:00.123456Z session_created udp 10.0.0.2:4000 203.0.113.1:40000 "
              "198.51.100.7:53");
}

TEST(Events, SessionFromOutsideAndHairpinned) {
    ctgate_event inbound = record(CTGATE_EVENT_SESSION_CREATED, "198.51.100.7:53", nullptr);
    inbound.destination = end_of("203.0.113.1:80");
    inbound.new_destination = end_of("10.0.0.2:8080");
    EXPECT_EQ(event_text(json_line(event_of(inbound))),
              "2026-01-31T12:00:00.123456Z session_created udp 10.0.0.2:8080 203.0.113.1:80 "
              "198.51.100.7:53");
    inbound.source = end_of("10.0.0.3:5");
    inbound.new_source = end_of("203.0.113.1:5");
    const json both = json::parse(json_line(event_of(inbound)));
    EXPECT_EQ(both["nat"], "both");
    EXPECT_EQ(both["internal"], json({{"address", "10.0.0.3"}, {"port", 5}}));
    EXPECT_EQ(both["addressed"], json({{"address", "203.0.113.1"}, {"port", 80}}));
    EXPECT_EQ(both["remote"], json({{"address", "10.0.0.2"}, {"port", 8080}}));
}

TEST(Events, MappingBlockAndRefusal) {
    EXPECT_EQ(event_text(json_line(event_of(
                  record(CTGATE_EVENT_MAPPING_ENDED, "10.0.0.2:4000", "203.0.113.1:40000")))),
              "2026-01-31T12:00:00.123456Z mapping_ended udp 10.0.0.2:4000 203.0.113.1:40000 -");
    EXPECT_EQ(event_text(json_line(event_of(block_record()))),
              "2026-01-31T12:00:00.123456Z block_taken udp 10.0.0.2 203.0.113.1:1024-1535 -");
    const std::string refused = json_line(event_of(refused_record()));
    EXPECT_EQ(event_text(refused),
              "2026-01-31T12:00:00.123456Z refused udp 10.0.0.2:4000 - 198.51.100.7:53 "
              "drop_port_quota (and 12 more)");
    const json fields = json::parse(refused);
    EXPECT_EQ(fields["message"], "new session, but its host has as many external ports as it may");
    EXPECT_EQ(fields["left_out"], 12);
}

TEST(Events, OfTheDaemon) {
    EXPECT_THAT(event_text(json_line(notice(EventKind::ADDRESSES_CHANGED, "203.0.113.9"))),
                testing::EndsWith("Z addresses_changed 203.0.113.9"));
    EXPECT_THAT(event_text(json_line(lost_event(7, "refused", "the ring was full"))),
                testing::EndsWith("Z lost 7 refused: the ring was full"));
    EXPECT_THAT(event_text(json_line(lost_event(0, "listening", "too late"))),
                testing::EndsWith("Z lost some listening: too late"));
}

TEST(Events, KindsHaveNames) {
    EXPECT_EQ(kind_of("session_ended"), EventKind::SESSION_ENDED);
    EXPECT_EQ(kind_of("session"), std::nullopt);
    EXPECT_EQ(kind_name(static_cast<EventKind>(CTGATE_EVENT_REFUSED)), "refused");
}

TEST(EventFilter, ByKindAndHost) {
    using Verdict = EventFilter::Verdict;
    const std::string session = json_line(event_of(session_record()));
    const std::string refused = json_line(event_of(refused_record()));
    const std::string lost = json_line(lost_event(7, "refused", ""));
    const EventFilter all;
    EXPECT_EQ(all.judge(session), Verdict::show);
    EXPECT_EQ(all.judge(lost), Verdict::show_aside);
    EXPECT_EQ(all.judge(R"({"time": "", "event": "of_tomorrow"})"), Verdict::show);
    const EventFilter kind{.kinds = {EventKind::REFUSED}, .host = {}};
    EXPECT_EQ(kind.judge(session), Verdict::skip);
    EXPECT_EQ(kind.judge(refused), Verdict::show);
    EXPECT_EQ(kind.judge(lost), Verdict::show_aside);
    for (const char* address : {"10.0.0.2", "203.0.113.1", "198.51.100.7"}) {
        const EventFilter host{.kinds = {}, .host = IpAddress::parse(address)};
        EXPECT_EQ(host.judge(session), Verdict::show) << address;
    }
    const EventFilter other{.kinds = {}, .host = IpAddress::parse("10.0.0.3")};
    EXPECT_EQ(other.judge(session), Verdict::skip);
    EXPECT_EQ(other.judge(refused), Verdict::skip);
}

TEST(NatLog, HasNoDestinations) {
    Event session = event_of(session_record());
    EXPECT_EQ(nat_log_line(session, false), "") << "its mapping tells";
    session.shared = true;
    const std::string ends = " udp 10.0.0.2:4000 203.0.113.1:40000";
    EXPECT_EQ(nat_log_line(session, false), "2026-01-31T12:00:00.123456Z session_created" + ends);
    const Event mapping =
        event_of(record(CTGATE_EVENT_MAPPING_CREATED, "10.0.0.2:4000", "203.0.113.1:40000"));
    EXPECT_EQ(nat_log_line(mapping, false), "2026-01-31T12:00:00.123456Z mapping_created" + ends);
    EXPECT_EQ(nat_log_line(mapping, true), "") << "its block tells";
    EXPECT_EQ(nat_log_line(event_of(block_record()), true),
              "2026-01-31T12:00:00.123456Z block_taken udp 10.0.0.2 203.0.113.1:1024-1535");
    EXPECT_EQ(nat_log_line(event_of(refused_record()), false), "");
}

class Watch : public testing::Test {
  protected:
    // One look at the table; the ends, and the beginnings of what the dataplane does not know.
    std::vector<std::string> look(const std::vector<Session>& table) {
        std::vector<std::string> told;
        watch_.begin({IpAddress::parse("203.0.113.1").value()});
        for (const Session& session : table) {
            watch_.see(session, now_, [&](const Session& unknown) {
                told.push_back("created " + unknown.source.text());
            });
        }
        watch_.end(now_, [&](const Session& ended, const char* why, bool) {
            told.push_back(why + (" " + ended.source.text()));
        });
        return told;
    }

    static Session session(const char* source, unsigned timeout, const char* state = "") {
        Session result;
        result.protocol = *state != '\0' ? IPPROTO_TCP : IPPROTO_UDP;
        result.state = state;
        result.source = Endpoint::parse(source).value();
        result.destination = result.reply_source = Endpoint::parse("198.51.100.7:53").value();
        result.reply_destination = Endpoint::parse("203.0.113.1:4000").value();
        result.status = IPS_SRC_NAT;
        result.timeout = timeout;
        return result;
    }

    SessionWatch watch_;
    SessionWatch::Clock::time_point now_{1000s};
};

TEST_F(Watch, WhatIsMissingHasEnded) {
    const Session one = session("10.0.0.2:1", 300);
    const Session two = session("10.0.0.2:2", 3);
    const Session three = session("10.0.0.2:3", 60, "TIME_WAIT");
    EXPECT_THAT(look({one, two, three}),
                ElementsAre("created 10.0.0.2:1", "created 10.0.0.2:2", "created 10.0.0.2:3"));
    EXPECT_THAT(look({one, two, three}), IsEmpty());
    now_ += 4s;
    EXPECT_THAT(look({}), testing::UnorderedElementsAre("deleted 10.0.0.2:1", "expired 10.0.0.2:2",
                                                        "closed 10.0.0.2:3"));
    EXPECT_EQ(watch_.size(), 0u);
}

TEST_F(Watch, WhatWasToldOfIsKnown) {
    std::vector<std::string> ends;
    const auto ended = [&](const Session&, const char* why, bool shared) {
        ends.push_back(std::string(why) + (shared ? " shared" : ""));
    };
    watch_.note(session("10.0.0.2:1", 0), true, now_, ended);
    EXPECT_THAT(look({session("10.0.0.2:1", 300)}), IsEmpty());
    now_ += 1s;
    watch_.note(session("10.0.0.2:1", 0), false, now_, ended);
    EXPECT_THAT(ends, ElementsAre("replaced shared"));
    EXPECT_THAT(look({}), ElementsAre("deleted 10.0.0.2:1"));
}

TEST_F(Watch, WhatWasSeenIsToldOfLater) {
    std::vector<std::string> ends;
    const auto ended = [&](const Session&, const char* why, bool shared) {
        ends.push_back(std::string(why) + (shared ? " shared" : ""));
    };
    look({session("10.0.0.2:1", 300)});
    watch_.note(session("10.0.0.2:1", 0), true, now_ - 1s, ended);
    EXPECT_THAT(ends, IsEmpty()) << "it was there when it was seen";
    watch_.note(session("10.0.0.2:1", 0), false, now_ + 1s, ended);
    EXPECT_THAT(ends, ElementsAre("replaced shared"));
}

TEST_F(Watch, OtherPeoplesSessionsAreTheirs) {
    Session untranslated = session("10.0.0.2:1", 300);
    untranslated.status = 0;
    Session elsewhere = session("10.0.0.2:2", 300);
    elsewhere.reply_destination = Endpoint::parse("192.0.2.1:4000").value();
    EXPECT_THAT(look({untranslated, elsewhere}), IsEmpty());
    EXPECT_EQ(watch_.size(), 0u);
}

// A FIFO that nobody reads is full some time.
TEST(NatLog, SaysHowManyLinesAreMissing) {
    const std::filesystem::path name =
        std::filesystem::temp_directory_path() / fmt::format("ctgate-nat-log-{}", ::getpid());
    ASSERT_EQ(::mkfifo(name.c_str(), 0600), 0);
    const FileDescriptor reader(::open(name.c_str(), O_RDONLY | O_NONBLOCK));
    Config config;
    config.nat_log = name;
    NatLog log(config);
    std::filesystem::remove(name);
    const auto take = [&] {
        std::string text(1 << 20, '\0');
        text.resize(static_cast<std::size_t>(::read(reader.get(), text.data(), text.size())));
        return text;
    };

    Event event =
        event_of(record(CTGATE_EVENT_MAPPING_CREATED, "10.0.0.2:4000", "203.0.113.1:40000"));
    constexpr int many = 2000;
    for (int i = 0; i < many; i++) {
        log.write(event);
        log.flush();
    }
    const std::string whole = take();
    const auto kept = std::count(whole.begin(), whole.end(), '\n');
    EXPECT_LT(kept, many);
    event.kind = EventKind::MAPPING_ENDED;
    log.write(event);
    log.flush();
    std::string rest = take();
    if (!whole.ends_with('\n')) {
        rest.erase(0, rest.find('\n') + 1);
    }
    EXPECT_THAT(rest, testing::HasSubstr(fmt::format(" lost {} nat_log\n", many - kept)));
    EXPECT_THAT(rest, testing::HasSubstr(" mapping_ended udp 10.0.0.2:4000 203.0.113.1:40000\n"));
}

}  // namespace
}  // namespace ctgate

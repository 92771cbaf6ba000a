// SPDX-License-Identifier: GPL-2.0-only
// What `ctgate top` makes of the records of the session cache, and how it fits the terminal.
#include <arpa/inet.h>
#include <gmock/gmock.h>

#include "control/top_frame.hpp"
#include "control/top_sampler.hpp"

namespace ctgate {
namespace {

using testing::HasSubstr;
using testing::Not;

ctgate_cache_key key(const char* source, const char* destination, __u8 protocol, __u32 ifindex) {
    const Endpoint from = Endpoint::parse(source).value();
    const Endpoint to = Endpoint::parse(destination).value();
    return {from.address.v4, to.address.v4, htons(from.port), htons(to.port),
            CTGATE_ARRIVAL(protocol, ifindex)};
}

ctgate_cache_record record(const char* source, const char* destination, __u16 flags) {
    const Endpoint from = Endpoint::parse(source).value();
    const Endpoint to = Endpoint::parse(destination).value();
    ctgate_cache_record result{};
    result.source = from.address.v4;
    result.destination = to.address.v4;
    result.source_port = htons(from.port);
    result.destination_port = htons(to.port);
    result.flags = flags;
    return result;
}

TEST(TopSampler, BothDirectionsAreOneSession) {
    const SessionKey out =
        session_key(key("10.0.0.2:4000", "198.51.100.2:80", IPPROTO_TCP, 3),
                    record("203.0.113.1:40000", "198.51.100.2:80", CTGATE_CACHE_INSIDE));
    const SessionKey in = session_key(key("198.51.100.2:80", "203.0.113.1:40000", IPPROTO_TCP, 4),
                                      record("198.51.100.2:80", "10.0.0.2:4000", 0));
    EXPECT_EQ(out.source, in.source);
    EXPECT_EQ(out.destination, in.destination);
    EXPECT_EQ(out.source_port, in.source_port);
    EXPECT_EQ(out.destination_port, in.destination_port);
    EXPECT_EQ(out.arrival, in.arrival);
    EXPECT_EQ(out.source, IpAddress::parse("10.0.0.2")->v4);
}

TopFrame frame_of(unsigned hosts) {
    TopFrame frame;
    frame.has_short_path = true;
    for (unsigned i = 1; i <= hosts; ++i) {
        frame.hosts.push_back({.address = IpAddress{htonl(0x0a000000U + i)},
                               .sessions = hosts - i,
                               .bytes = std::uint64_t{1000} * i,
                               .rate = {.packets = 1, .bytes = i == 2 ? 5000.0 : 0}});
    }
    return frame;
}

TEST(TopFrame, SortsByWhatIsAskedFor) {
    TopFrame frame = frame_of(3);
    frame.sort(TopOrder::rate);
    EXPECT_EQ(frame.hosts.front().address.text(), "10.0.0.2");
    frame.sort(TopOrder::bytes);
    EXPECT_EQ(frame.hosts.front().address.text(), "10.0.0.3");
    frame.sort(TopOrder::sessions);
    EXPECT_EQ(frame.hosts.front().address.text(), "10.0.0.1");
    EXPECT_EQ(next(next(next(TopOrder::rate))), TopOrder::rate);
}

TEST(TopFrame, NeverHasMoreLinesThanTheTerminal) {
    const TopFrame frame = frame_of(100);
    for (std::size_t rows = 0; rows < 60; ++rows) {
        EXPECT_LE(to_lines(frame, TopOrder::rate, rows).size(), rows);
    }
}

TEST(TopFrame, ShowsHosts) {
    const auto text = [](std::size_t rows) {
        std::string all;
        for (const std::string& line : to_lines(frame_of(3), TopOrder::rate, rows)) {
            all += line + "\n";
        }
        return all;
    };
    EXPECT_THAT(text(24), HasSubstr("10.0.0.3"));
    EXPECT_THAT(text(3), Not(HasSubstr("10.0.0.3")));
    EXPECT_EQ(bits_text(125000), "1.0 Mbit/s");
    EXPECT_EQ(bits_text(0), "0 bit/s");
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// IPFIX messages, byte by byte (RFC 7011, RFC 8158).
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "control/ipfix.hpp"

namespace ctgate {
namespace {

constexpr std::int64_t time_ns = 0x0102030405 * std::int64_t{1'000'000};

SessionEnd end_of(const char* text) {
    const Endpoint endpoint = Endpoint::parse(text).value();
    return {endpoint.address, endpoint.port, std::nullopt};
}

Event session(EventKind kind = EventKind::SESSION_CREATED) {
    Event event;
    event.kind = kind;
    event.time = time_ns;
    event.protocol = IPPROTO_UDP;
    event.nat = Nat::source;
    event.internal = end_of("10.0.0.2:4000");
    event.external = end_of("203.0.113.1:40000");
    event.remote = end_of("198.51.100.7:53");
    return event;
}

Event mapping(EventKind kind) {
    Event event = session(kind);
    event.nat = Nat::none;
    event.remote.reset();
    return event;
}

Event block(EventKind kind) {
    Event event = mapping(kind);
    event.internal->port.reset();
    event.external->port.reset();
    event.first_port = 1024;
    event.last_port = 1535;
    return event;
}

Event refused(const char* reason) {
    Event event;
    event.kind = EventKind::REFUSED;
    event.time = time_ns;
    event.protocol = IPPROTO_TCP;
    event.source = end_of("10.0.0.2:4000");
    event.reason = reason;
    return event;
}

std::string hex(const std::string& bytes) {
    constexpr const char* digits = "0123456789abcdef";
    std::string result;
    for (const char byte : bytes) {
        result += digits[static_cast<unsigned char>(byte) >> 4];
        result += digits[static_cast<unsigned char>(byte) & 15];
    }
    return result;
}

const std::string time_hex = "0000000102030405";
const std::string internal_hex = "0a000002";
const std::string external_hex = "cb007101";
const std::string remote_hex = "c6336407";
const std::string session_hex =
    "01"
    "11" +
    internal_hex + "0fa0" + external_hex + "9c40" + remote_hex + "0035" + remote_hex + "0035";

class Ipfix : public testing::Test {
  protected:
    Ipfix() { message_.set_limits(7, 9); }

    IpfixMessage message_{0x11223344};
};

TEST_F(Ipfix, Header) {
    ASSERT_TRUE(message_.add(session()));
    ASSERT_TRUE(message_.add(session(EventKind::SESSION_ENDED)));
    // Version 10, length, export time, sequence number, domain; then the set of template 256.
    EXPECT_EQ(hex(message_.finish(0x69c00000)),
              "000a"
              "005a"
              "69c00000"
              "00000000"
              "11223344"
              "0100"
              "004a" +
                  time_hex + "04" + session_hex + time_hex + "05" + session_hex);
    EXPECT_TRUE(message_.empty());
}

TEST_F(Ipfix, SequenceNumberCountsDataRecordsOnly) {
    message_.add_templates();
    message_.finish(0);
    message_.add(session());
    message_.add(mapping(EventKind::MAPPING_CREATED));
    EXPECT_EQ(hex(message_.finish(0)).substr(16, 8), "00000000");
    message_.add(session());
    EXPECT_EQ(hex(message_.finish(0)).substr(16, 8), "00000002");
    message_.add(session());
    EXPECT_EQ(hex(message_.finish(0)).substr(16, 8), "00000003");
}

TEST_F(Ipfix, Templates) {
    message_.add_templates();
    EXPECT_EQ(hex(message_.finish(0)).substr(32),
              "0002"
              "0094"
              "0100"
              "000c"
              "01430008"
              "00e60001"
              "00e50001"
              "00040001"
              "00080004"
              "00070002"
              "00e10004"
              "00e30002"
              "000c0004"
              "000b0002"
              "00e20004"
              "00e40002"
              "0101"
              "0007"
              "01430008"
              "00e60001"
              "00040001"
              "00080004"
              "00070002"
              "00e10004"
              "00e30002"
              "0102"
              "0007"
              "01430008"
              "00e60001"
              "00040001"
              "00080004"
              "00e10004"
              "01690002"
              "016a0002"
              "0103"
              "0006"
              "01430008"
              "00e60001"
              "01d20004"
              "01d90004"
              "00040001"
              "00080004");
}

TEST_F(Ipfix, SessionFromOutsideAndHairpinned) {
    Event event = session();
    event.nat = Nat::destination;
    message_.add(event);
    EXPECT_EQ(hex(message_.finish(0)).substr(40 + 18, 2), "02") << "the external realm began it";
    event.nat = Nat::both;
    event.addressed = end_of("203.0.113.1:80");
    message_.add(event);
    EXPECT_EQ(hex(message_.finish(0)).substr(40 + 18),
              "01"
              "11" +
                  internal_hex + "0fa0" + external_hex + "9c40" + external_hex + "0050" +
                  remote_hex + "0035");
}

TEST_F(Ipfix, MappingsAndBlocks) {
    message_.add(mapping(EventKind::MAPPING_CREATED));
    message_.add(mapping(EventKind::MAPPING_ENDED));
    message_.add(block(EventKind::BLOCK_TAKEN));
    message_.add(block(EventKind::BLOCK_RELEASED));
    const std::string bib = "11" + internal_hex + "0fa0" + external_hex + "9c40";
    const std::string range = "11" + internal_hex + external_hex + "040005ff";
    EXPECT_EQ(hex(message_.finish(0)).substr(32),
              "0101"
              "0030" +
                  time_hex + "08" + bib + time_hex + "09" + bib +
                  "0102"
                  "0030" +
                  time_hex + "10" + range + time_hex + "11" + range);
}

TEST_F(Ipfix, Quotas) {
    message_.add(refused("drop_session_quota"));
    message_.add(refused("drop_port_quota"));
    message_.add(refused("drop_filtered"));
    const auto quota = [](const std::string& limit) {
        return time_hex +
               "0d"
               "00000003" +
               limit + "06" + internal_hex;
    };
    EXPECT_EQ(hex(message_.finish(0)).substr(32),
              "0103"
              "0030" +
                  quota("00000007") + quota("00000009"));
}

TEST_F(Ipfix, FitsAnEthernetFrame) {
    unsigned added = 0;
    while (message_.add(session())) {
        ++added;
    }
    const std::string full = message_.finish(0);
    EXPECT_EQ(added, 39u);
    EXPECT_LE(full.size(), 1400u);
    EXPECT_TRUE(message_.add(session()));
}

TEST_F(Ipfix, OtherEventsHaveNoRecord) {
    EXPECT_TRUE(message_.add(notice(EventKind::RELOADED, "")));
    EXPECT_TRUE(message_.empty());
}

}  // namespace
}  // namespace ctgate

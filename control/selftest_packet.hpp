// SPDX-License-Identifier: GPL-2.0-only
// IPv4 packets as the selftest sends and observes them. Pure: no sockets. Numbers are in host byte
// order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/ip.hpp"

namespace ctgate::selftest {

using Bytes = std::vector<std::uint8_t>;

enum TcpFlag : std::uint8_t { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 };

struct IpFields {
    std::uint8_t ttl = 64;
    std::uint16_t id = 0;
    bool dont_fragment = false;
};
struct TcpFields {
    std::uint8_t flags = SYN;
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgment = 0;
};
struct IcmpFields {
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    std::uint32_t rest = 0;  // second word of the header: identifier and sequence number, or MTU
};

// Lengths and checksums are right.
Bytes udp_packet(const Endpoint& source, const Endpoint& destination, std::string_view payload,
                 const IpFields& ip = {});
Bytes tcp_packet(const Endpoint& source, const Endpoint& destination, const TcpFields& tcp,
                 std::string_view payload = {});
Bytes icmp_packet(IpAddress source, IpAddress destination, const IcmpFields& icmp,
                  const Bytes& payload);
// Of any other protocol.
Bytes ip_packet(std::uint8_t protocol, IpAddress source, IpAddress destination,
                const Bytes& payload, const IpFields& ip = {});

// Cuts behind each `size` bytes (a multiple of 8) of what follows the IPv4 header.
std::vector<Bytes> fragments(const Bytes& packet, std::size_t size);

// What stands in a packet. Fields of other protocols than its own are 0.
struct Packet {
    Endpoint source, destination;  // ports of TCP and UDP, except in later fragments
    std::uint8_t protocol = 0;
    std::uint8_t ttl = 0;
    bool dont_fragment = false;
    bool more_fragments = false;
    unsigned fragment_offset = 0;  // bytes
    TcpFields tcp{.flags = 0};
    IcmpFields icmp;
    std::string payload;  // behind the transport header; of an ICMP error, the packet it quotes
    Bytes bytes;          // all of it

    bool is_fragment() const { return more_fragments || fragment_offset != 0; }
    bool is_icmp_error() const;
};

// nullopt: too short to be one. Of a quoted packet the transport header may be cut off (RFC 792
// wants 8 bytes of it).
std::optional<Packet> parse_packet(const Bytes& bytes);
// What an ICMP error quotes.
std::optional<Packet> quoted_packet(const Packet& error);

// Is the checksum of the IPv4 header right?
bool header_checksum_is_right(const Packet& packet);

}  // namespace ctgate::selftest

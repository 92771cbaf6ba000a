// SPDX-License-Identifier: GPL-2.0-only
// Packets as tests write them:
//
//     Ethernet{} / IPv4{.source = "10.0.0.2", .destination = "198.51.100.7"} /
//         TCP{.source_port = 40000, .destination_port = 80, .flags = SYN} / Payload{"hello"}
//
// Lengths and checksums are right unless the test sets them. Numbers are in host byte order.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "tests/packet/checksum.hpp"

namespace ctgate::packet {

using Mac = std::array<std::uint8_t, 6>;

enum TcpFlag : std::uint8_t { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10 };

struct Ethernet {
    Mac destination = {0x02, 0, 0, 0, 0, 1};
    Mac source = {0x02, 0, 0, 0, 0, 2};
    std::optional<std::uint16_t> vlan{};  // 802.1Q tag
    std::uint16_t type = 0x0800;
};

// Addresses: one documentation network each (RFC 5737) besides RFC 1918.
struct IPv4 {
    std::string source = "10.0.0.2";
    std::string destination = "198.51.100.7";
    std::uint8_t ttl = 64;
    std::uint8_t tos = 0;
    std::uint16_t id = 0x1234;
    std::uint16_t fragment = 0;  // flags and offset
    Bytes options{};             // a multiple of four
    std::uint8_t version = 4;
    std::optional<std::uint8_t> protocol{};
    std::optional<std::uint8_t> ihl{};  // in words of 32 bits
    std::optional<std::uint16_t> total_length{};
    std::optional<std::uint16_t> checksum{};
};

struct TCP {
    std::uint16_t source_port = 40000;
    std::uint16_t destination_port = 80;
    std::uint8_t flags = SYN;
    std::uint32_t sequence = 1000;
    std::uint32_t acknowledgment = 0;
    std::uint16_t window = 64240;
    Bytes options{};                            // a multiple of four
    std::optional<std::uint8_t> data_offset{};  // in words of 32 bits
    std::optional<std::uint16_t> checksum{};
};

struct UDP {
    std::uint16_t source_port = 40000;
    std::uint16_t destination_port = 53;
    std::optional<std::uint16_t> length{};
    std::optional<std::uint16_t> checksum{};  // 0: none (RFC 768)
};

struct Payload {
    std::string text;
};

class Packet {
  public:
    Packet() = default;

    // From the network header on: as it is on a layer 3 device.
    Bytes network_bytes() const;
    // With the Ethernet header, when there is one.
    Bytes bytes() const;

    std::optional<Ethernet> ethernet{};
    std::optional<IPv4> ip{};
    std::variant<std::monostate, TCP, UDP> transport{};
    std::string payload{};
};

inline Packet operator/(const Ethernet& ethernet, const IPv4& ip) {
    Packet packet;
    packet.ethernet = ethernet;
    packet.ip = ip;
    return packet;
}

inline Packet operator/(const Ethernet& ethernet, Packet packet) {
    packet.ethernet = ethernet;
    return packet;
}

template <typename Transport>
Packet operator/(Packet packet, const Transport& transport) {
    packet.transport = transport;
    return packet;
}

template <typename Transport>
Packet operator/(const IPv4& ip, const Transport& transport) {
    Packet packet;
    packet.ip = ip;
    return packet / transport;
}

inline Packet operator/(Packet packet, const Payload& payload) {
    packet.payload = payload.text;
    return packet;
}

inline Packet operator/(const IPv4& ip, const Payload& payload) {
    Packet packet;
    packet.ip = ip;
    return packet / payload;
}

// The first `size` bytes of it.
Bytes truncated(Bytes bytes, std::size_t size);

}  // namespace ctgate::packet

#include "tests/packet/serialize.hpp"

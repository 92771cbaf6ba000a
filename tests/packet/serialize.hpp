// SPDX-License-Identifier: GPL-2.0-only
// The wire form of builder.hpp's packets.
#pragma once

#include <arpa/inet.h>

#include <stdexcept>

#include "tests/packet/builder.hpp"

namespace ctgate::packet {

inline void append8(Bytes& bytes, std::uint8_t value) {
    bytes.push_back(value);
}

inline void append16(Bytes& bytes, std::uint16_t value) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes.push_back(static_cast<std::uint8_t>(value));
}

inline void append32(Bytes& bytes, std::uint32_t value) {
    append16(bytes, static_cast<std::uint16_t>(value >> 16));
    append16(bytes, static_cast<std::uint16_t>(value));
}

template <typename Container>
void append(Bytes& bytes, const Container& more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
}

inline void store16(Bytes& bytes, std::size_t offset, std::uint16_t value) {
    bytes.at(offset) = static_cast<std::uint8_t>(value >> 8);
    bytes.at(offset + 1) = static_cast<std::uint8_t>(value);
}

inline Bytes address(const std::string& text) {
    Bytes bytes(4);
    if (::inet_pton(AF_INET, text.c_str(), bytes.data()) != 1) {
        throw std::invalid_argument(text);
    }
    return bytes;
}

inline Bytes serialize(const IPv4& ip, const TCP& tcp, const std::string& payload) {
    Bytes bytes;
    const std::size_t words = 5 + tcp.options.size() / 4;
    append16(bytes, tcp.source_port);
    append16(bytes, tcp.destination_port);
    append32(bytes, tcp.sequence);
    append32(bytes, tcp.acknowledgment);
    append8(bytes, static_cast<std::uint8_t>(tcp.data_offset.value_or(words) << 4));
    append8(bytes, tcp.flags);
    append16(bytes, tcp.window);
    append16(bytes, 0);
    append16(bytes, 0);
    append(bytes, tcp.options);
    append(bytes, payload);
    const auto right =
        transport_checksum(address(ip.source), address(ip.destination), IPPROTO_TCP, bytes);
    store16(bytes, 16, tcp.checksum.value_or(right));
    return bytes;
}

inline Bytes serialize(const IPv4& ip, const UDP& udp, const std::string& payload) {
    Bytes bytes;
    append16(bytes, udp.source_port);
    append16(bytes, udp.destination_port);
    append16(bytes, udp.length.value_or(8 + payload.size()));
    append16(bytes, 0);
    append(bytes, payload);
    const auto sum =
        transport_checksum(address(ip.source), address(ip.destination), IPPROTO_UDP, bytes);
    // RFC 768: a computed zero is sent as all ones, for zero says that there is none.
    store16(bytes, 6, udp.checksum.value_or(sum == 0 ? 0xffff : sum));
    return bytes;
}

inline Bytes serialize(const IPv4&, std::monostate, const std::string& payload) {
    return {payload.begin(), payload.end()};
}

// IANA's number of the transport; of packets without one that of "experimentation" (RFC 3692).
inline std::uint8_t protocol_of(const Packet& packet) {
    constexpr std::array<std::uint8_t, 3> numbers = {253, IPPROTO_TCP, IPPROTO_UDP};
    return packet.ip->protocol.value_or(numbers.at(packet.transport.index()));
}

inline Bytes Packet::network_bytes() const {
    if (!ip) {
        return {payload.begin(), payload.end()};
    }
    const Bytes segment =
        std::visit([&](const auto& layer) { return serialize(*ip, layer, payload); }, transport);
    const std::size_t words = 5 + ip->options.size() / 4;
    Bytes bytes;
    append8(bytes, static_cast<std::uint8_t>(ip->version << 4 | ip->ihl.value_or(words)));
    append8(bytes, ip->tos);
    append16(bytes, ip->total_length.value_or(words * 4 + segment.size()));
    append16(bytes, ip->id);
    append16(bytes, ip->fragment);
    append8(bytes, ip->ttl);
    append8(bytes, protocol_of(*this));
    append16(bytes, 0);
    append(bytes, address(ip->source));
    append(bytes, address(ip->destination));
    append(bytes, ip->options);
    store16(bytes, 10, ip->checksum.value_or(packet::checksum(bytes)));
    append(bytes, segment);
    return bytes;
}

inline Bytes Packet::bytes() const {
    Bytes bytes;
    if (ethernet) {
        append(bytes, ethernet->destination);
        append(bytes, ethernet->source);
        if (ethernet->vlan) {
            append16(bytes, 0x8100);
            append16(bytes, *ethernet->vlan);
        }
        append16(bytes, ethernet->type);
    }
    append(bytes, network_bytes());
    return bytes;
}

inline Bytes truncated(Bytes bytes, std::size_t size) {
    bytes.resize(std::min(bytes.size(), size));
    return bytes;
}

}  // namespace ctgate::packet

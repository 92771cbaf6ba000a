// SPDX-License-Identifier: GPL-2.0-only
#include "control/selftest_packet.hpp"

#include <linux/icmp.h>

#include <algorithm>
#include <cstring>

namespace ctgate::selftest {
namespace {

constexpr std::size_t ip_header = 20;  // without options
constexpr std::size_t udp_header = 8;
constexpr std::size_t tcp_header = 20;
constexpr std::size_t icmp_header = 8;
constexpr std::uint16_t flag_dont_fragment = 0x4000;
constexpr std::uint16_t flag_more_fragments = 0x2000;
constexpr std::uint16_t offset_mask = 0x1fff;
constexpr std::size_t fragments_at = 6;
constexpr std::size_t ip_checksum_at = 10;

void put16(Bytes& bytes, std::size_t at, unsigned value) {
    bytes.at(at) = static_cast<std::uint8_t>(value >> 8U);
    bytes.at(at + 1) = static_cast<std::uint8_t>(value);
}

void put32(Bytes& bytes, std::size_t at, std::uint32_t value) {
    put16(bytes, at, value >> 16U);
    put16(bytes, at + 2, value & 0xffffU);
}

std::uint16_t get16(const Bytes& bytes, std::size_t at) {
    return at + 2 > bytes.size() ? std::uint16_t{0}
                                 : static_cast<std::uint16_t>(bytes[at] << 8U | bytes[at + 1]);
}

std::uint32_t get32(const Bytes& bytes, std::size_t at) {
    return std::uint32_t{get16(bytes, at)} << 16U | get16(bytes, at + 2);
}

void append(Bytes& bytes, std::string_view text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
}

// RFC 1071, over [from, to).
std::uint16_t checksum(const Bytes& bytes, std::size_t from, std::size_t to,
                       std::uint32_t sum = 0) {
    for (std::size_t at = from; at < to; ++at) {
        sum += (at - from) % 2 == 0 ? std::uint32_t{bytes[at]} << 8U : bytes[at];
    }
    while (sum > 0xffffU) {
        sum = (sum & 0xffffU) + (sum >> 16U);
    }
    return static_cast<std::uint16_t>(~sum);
}

void set_header_checksum(Bytes& packet) {
    put16(packet, ip_checksum_at, 0);
    put16(packet, ip_checksum_at, checksum(packet, 0, ip_header));
}

// TCP and UDP: with the pseudo header.
void set_transport_checksum(Bytes& packet, std::size_t at) {
    std::uint32_t pseudo = packet.at(9) + static_cast<std::uint32_t>(packet.size() - ip_header);
    for (const std::size_t address : {12, 14, 16, 18}) {
        pseudo += get16(packet, address);
    }
    const std::uint16_t sum = checksum(packet, ip_header, packet.size(), pseudo);
    put16(packet, ip_header + at, sum == 0 ? 0xffffU : sum);
}

void parse_transport(Packet& packet, std::size_t start) {
    const Bytes& bytes = packet.bytes;
    std::size_t payload = start;
    if (packet.fragment_offset != 0) {
        // No header here.
    } else if (packet.protocol == IPPROTO_ICMP) {
        payload += icmp_header;
        packet.icmp = {.type = static_cast<std::uint8_t>(get16(bytes, start) >> 8U),
                       .code = static_cast<std::uint8_t>(get16(bytes, start)),
                       .rest = get32(bytes, start + 4)};
    } else if (packet.protocol == IPPROTO_TCP || packet.protocol == IPPROTO_UDP) {
        packet.source.port = get16(bytes, start);
        packet.destination.port = get16(bytes, start + 2);
        payload += udp_header;
        if (packet.protocol == IPPROTO_TCP && bytes.size() >= start + tcp_header) {
            payload = start + (bytes[start + 12] >> 4U) * std::size_t{4};
            packet.tcp = {.flags = bytes[start + 13],
                          .sequence = get32(bytes, start + 4),
                          .acknowledgment = get32(bytes, start + 8)};
        }
    }
    if (payload < bytes.size()) {
        packet.payload.assign(bytes.begin() + static_cast<std::ptrdiff_t>(payload), bytes.end());
    }
}

}  // namespace

Bytes ip_packet(std::uint8_t protocol, IpAddress source, IpAddress destination,
                const Bytes& payload, const IpFields& ip) {
    Bytes packet(ip_header);
    packet[0] = 0x45;
    put16(packet, 2, static_cast<unsigned>(ip_header + payload.size()));
    put16(packet, 4, ip.id);
    put16(packet, fragments_at, ip.dont_fragment ? flag_dont_fragment : 0);
    packet[8] = ip.ttl;
    packet[9] = protocol;
    std::memcpy(&packet[12], &source.v4, sizeof(source.v4));
    std::memcpy(&packet[16], &destination.v4, sizeof(destination.v4));
    set_header_checksum(packet);
    packet.insert(packet.end(), payload.begin(), payload.end());
    return packet;
}

Bytes udp_packet(const Endpoint& source, const Endpoint& destination, std::string_view payload,
                 const IpFields& ip) {
    Bytes datagram(udp_header);
    put16(datagram, 0, source.port);
    put16(datagram, 2, destination.port);
    put16(datagram, 4, static_cast<unsigned>(udp_header + payload.size()));
    append(datagram, payload);
    Bytes packet = ip_packet(IPPROTO_UDP, source.address, destination.address, datagram, ip);
    set_transport_checksum(packet, 6);
    return packet;
}

Bytes tcp_packet(const Endpoint& source, const Endpoint& destination, const TcpFields& tcp,
                 std::string_view payload) {
    Bytes segment(tcp_header);
    put16(segment, 0, source.port);
    put16(segment, 2, destination.port);
    put32(segment, 4, tcp.sequence);
    put32(segment, 8, tcp.acknowledgment);
    segment[12] = tcp_header / 4 << 4U;
    segment[13] = tcp.flags;
    put16(segment, 14, 0xffff);
    append(segment, payload);
    Bytes packet = ip_packet(IPPROTO_TCP, source.address, destination.address, segment);
    set_transport_checksum(packet, 16);
    return packet;
}

Bytes icmp_packet(IpAddress source, IpAddress destination, const IcmpFields& icmp,
                  const Bytes& payload) {
    Bytes message(icmp_header);
    message[0] = icmp.type;
    message[1] = icmp.code;
    put32(message, 4, icmp.rest);
    message.insert(message.end(), payload.begin(), payload.end());
    put16(message, 2, checksum(message, 0, message.size()));
    return ip_packet(IPPROTO_ICMP, source, destination, message);
}

std::vector<Bytes> fragments(const Bytes& packet, std::size_t size) {
    std::vector<Bytes> result;
    for (std::size_t at = ip_header; at < packet.size(); at += size) {
        const std::size_t end = std::min(at + size, packet.size());
        Bytes part(packet.begin(), packet.begin() + ip_header);
        part.insert(part.end(), packet.begin() + static_cast<std::ptrdiff_t>(at),
                    packet.begin() + static_cast<std::ptrdiff_t>(end));
        put16(part, 2, static_cast<unsigned>(part.size()));
        const auto offset = static_cast<unsigned>((at - ip_header) / 8);
        put16(part, fragments_at, offset | (end < packet.size() ? flag_more_fragments : 0U));
        set_header_checksum(part);
        result.push_back(std::move(part));
    }
    return result;
}

bool Packet::is_icmp_error() const {
    return protocol == IPPROTO_ICMP &&
           (icmp.type == ICMP_DEST_UNREACH || icmp.type == ICMP_TIME_EXCEEDED ||
            icmp.type == ICMP_PARAMETERPROB);
}

std::optional<Packet> parse_packet(const Bytes& bytes) {
    if (bytes.size() < ip_header || bytes[0] >> 4U != 4) {
        return std::nullopt;
    }
    const std::size_t header = (bytes[0] & 0xfU) * std::size_t{4};
    if (header < ip_header || bytes.size() < header) {
        return std::nullopt;
    }
    Packet packet;
    packet.bytes = bytes;
    // Padding of the link layer, not in a quoted packet, whose length may promise more.
    packet.bytes.resize(
        std::min<std::size_t>(bytes.size(), std::max<std::size_t>(get16(bytes, 2), header)));
    std::memcpy(&packet.source.address.v4, &bytes[12], sizeof(in_addr_t));
    std::memcpy(&packet.destination.address.v4, &bytes[16], sizeof(in_addr_t));
    packet.protocol = bytes[9];
    packet.ttl = bytes[8];
    const std::uint16_t word = get16(bytes, fragments_at);
    packet.dont_fragment = (word & flag_dont_fragment) != 0;
    packet.more_fragments = (word & flag_more_fragments) != 0;
    packet.fragment_offset = (word & offset_mask) * 8U;
    parse_transport(packet, header);
    return packet;
}

std::optional<Packet> quoted_packet(const Packet& error) {
    if (!error.is_icmp_error()) {
        return std::nullopt;
    }
    return parse_packet({error.payload.begin(), error.payload.end()});
}

bool header_checksum_is_right(const Packet& packet) {
    return checksum(packet.bytes, 0, (packet.bytes.at(0) & 0xfU) * std::size_t{4}) == 0;
}

}  // namespace ctgate::selftest

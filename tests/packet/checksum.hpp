// SPDX-License-Identifier: GPL-2.0-only
// The Internet checksum from scratch, by the letter of RFC 1071: shares nothing with the code under
// test.
#pragma once

#include <cstdint>
#include <vector>

namespace ctgate::packet {

using Bytes = std::vector<std::uint8_t>;

// Section 4.1: the one's complement of the one's complement sum of 16-bit words; an odd last byte
// is padded with zero. Of bytes that contain their own right checksum it is 0.
inline std::uint16_t checksum(const Bytes& bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i++) {
        sum += i % 2 == 0 ? bytes[i] * 256U : bytes[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

// Of a TCP or UDP segment with its pseudo-header (RFC 9293 section 3.1, RFC 768). Addresses: four
// bytes each, network order.
inline std::uint16_t transport_checksum(const Bytes& source, const Bytes& destination,
                                        std::uint8_t protocol, const Bytes& segment) {
    Bytes all = source;
    all.insert(all.end(), destination.begin(), destination.end());
    all.push_back(0);
    all.push_back(protocol);
    all.push_back(static_cast<std::uint8_t>(segment.size() >> 8));
    all.push_back(static_cast<std::uint8_t>(segment.size()));
    all.insert(all.end(), segment.begin(), segment.end());
    return checksum(all);
}

}  // namespace ctgate::packet

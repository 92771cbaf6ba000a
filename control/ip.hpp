// SPDX-License-Identifier: GPL-2.0-only
// IP addresses, prefixes and endpoints as values, and their text forms.
#pragma once

#include <netinet/in.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctgate/pool.h"

namespace ctgate {

// An IPv4 address, network byte order. IPv6 will be a second family of the same type.
struct IpAddress {
    in_addr_t v4 = 0;

    // Exactly the dotted quad "203.0.113.5"; anything else is nullopt.
    static std::optional<IpAddress> parse(std::string_view text);
    std::string text() const;
    // The form in which the dataplane carries it: 16 bytes, IPv4 in the first four.
    ctgate_address to_bytes() const;
    // Orders numerically (host byte order).
    std::strong_ordering operator<=>(const IpAddress& other) const;
    bool operator==(const IpAddress& other) const = default;
};

// "10.0.0.0/24"; host bits are kept (an interface address is a prefix with host bits).
struct IpPrefix {
    IpAddress address;
    unsigned length = 32;  // 0..32

    static std::optional<IpPrefix> parse(std::string_view text);  // the "/length" is required
    std::string text() const;
    IpAddress network() const;  // host bits cleared
    bool contains(IpAddress other) const;
    bool contains(const IpPrefix& other) const;  // as a whole
    bool operator==(const IpPrefix& other) const = default;
};

// What is in `from` and in none of `holes`.
std::vector<IpPrefix> subtract(const IpPrefix& from, const std::vector<IpPrefix>& holes);

// "10.0.0.2:1234"; port in host byte order, 0..65535.
struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;

    static std::optional<Endpoint> parse(std::string_view text);
    std::string text() const;
};

}  // namespace ctgate

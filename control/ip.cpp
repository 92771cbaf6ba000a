// SPDX-License-Identifier: GPL-2.0-only
#include "control/ip.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "control/number.hpp"

namespace ctgate {
namespace {

constexpr unsigned v4_bits = 32;

// Network byte order. A shift by all 32 bits is undefined, hence the first case.
in_addr_t mask(unsigned length) {
    return length == 0 ? 0 : htonl(~std::uint32_t{0} << (v4_bits - length));
}

// "LEFT<separator>RIGHT" in two, at the only place where it can be.
std::optional<std::pair<std::string_view, std::string_view>> split(std::string_view text,
                                                                   char separator) {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    return std::pair(text.substr(0, at), text.substr(at + 1));
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    // inet_pton would take "10.0.0.1\0junk".
    const std::string terminated(text);
    in_addr address{};
    if (terminated.find('\0') != std::string::npos ||
        ::inet_pton(AF_INET, terminated.c_str(), &address) != 1) {
        return std::nullopt;
    }
    return IpAddress{address.s_addr};
}

std::string IpAddress::text() const {
    std::array<char, INET_ADDRSTRLEN> buffer{};
    const in_addr address{v4};
    return ::inet_ntop(AF_INET, &address, buffer.data(), buffer.size());
}

ctgate_address IpAddress::to_bytes() const {
    ctgate_address result{};
    std::memcpy(result.bytes, &v4, sizeof(v4));
    return result;
}

std::strong_ordering IpAddress::operator<=>(const IpAddress& other) const {
    return ntohl(v4) <=> ntohl(other.v4);
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
    const auto parts = split(text, '/');
    if (!parts) {
        return std::nullopt;
    }
    const std::optional<IpAddress> address = IpAddress::parse(parts->first);
    const std::optional<unsigned> length = parse_number<unsigned>(parts->second);
    if (!address || !length || *length > v4_bits) {
        return std::nullopt;
    }
    return IpPrefix{*address, *length};
}

std::string IpPrefix::text() const {
    return fmt::format("{}/{}", address.text(), length);
}

IpAddress IpPrefix::network() const {
    return IpAddress{address.v4 & mask(length)};
}

bool IpPrefix::contains(IpAddress other) const {
    return ((address.v4 ^ other.v4) & mask(length)) == 0;
}

bool IpPrefix::contains(const IpPrefix& other) const {
    return length <= other.length && contains(other.address);
}

// Halves what has holes until each part is one, or has none.
std::vector<IpPrefix> subtract(const IpPrefix& from, const std::vector<IpPrefix>& holes) {
    std::vector<IpPrefix> result;
    std::vector<IpPrefix> rest = {{from.network(), from.length}};
    const auto holes_have = [&](const auto& condition) {
        return std::any_of(holes.begin(), holes.end(), condition);
    };
    while (!rest.empty()) {
        const IpPrefix part = rest.back();
        rest.pop_back();
        if (holes_have([&](const IpPrefix& hole) { return hole.contains(part); })) {
            continue;
        }
        if (holes_have([&](const IpPrefix& hole) { return part.contains(hole); })) {
            const unsigned length = part.length + 1;
            const in_addr_t upper = mask(length) & ~mask(part.length);
            rest.push_back({IpAddress{part.address.v4 | upper}, length});
            rest.push_back({part.address, length});
        } else {
            result.push_back(part);
        }
    }
    return result;
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
    const auto parts = split(text, ':');
    if (!parts) {
        return std::nullopt;
    }
    const std::optional<IpAddress> address = IpAddress::parse(parts->first);
    const std::optional<std::uint16_t> port = parse_number<std::uint16_t>(parts->second);
    if (!address || !port) {
        return std::nullopt;
    }
    return Endpoint{*address, *port};
}

std::string Endpoint::text() const {
    return fmt::format("{}:{}", address.text(), port);
}

}  // namespace ctgate

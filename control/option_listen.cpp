// SPDX-License-Identifier: GPL-2.0-only
// --listen-http
#include <arpa/inet.h>
#include <fmt/format.h>

#include <optional>

#include "control/number.hpp"
#include "control/option_values.hpp"

namespace ctgate {
namespace {

constexpr const char* remedy =
    "is no address and port to listen at; write ADDRESS:PORT, such as 127.0.0.1:9469 or "
    "[::1]:9469";

// "[ADDRESS]" as inet_ntop() writes it; nullopt where that is none.
std::optional<std::string> parse_ipv6(const std::string& text) {
    if (text.size() < 2 || text.front() != '[' || text.back() != ']') {
        return std::nullopt;
    }
    in6_addr address{};
    char canonical[INET6_ADDRSTRLEN];
    if (::inet_pton(AF_INET6, text.substr(1, text.size() - 2).c_str(), &address) != 1 ||
        ::inet_ntop(AF_INET6, &address, canonical, sizeof(canonical)) == nullptr) {
        return std::nullopt;
    }
    return canonical;
}

bool is_group(const std::string& address) {
    in6_addr ipv6{};
    if (::inet_pton(AF_INET6, address.c_str(), &ipv6) == 1) {
        return IN6_IS_ADDR_MULTICAST(&ipv6);
    }
    const std::uint32_t host = ntohl(IpAddress::parse(address).value_or(IpAddress{}).v4);
    return IN_MULTICAST(host) || host == INADDR_BROADCAST;
}

}  // namespace

Complaint take_listen_http(const std::string& value, Config& config) {
    const std::size_t colon = value.rfind(':');
    if (colon == std::string::npos) {
        return remedy;
    }
    const std::string before = value.substr(0, colon);
    const auto ipv4 = IpAddress::parse(before);
    const auto address = ipv4 ? std::optional(ipv4->text()) : parse_ipv6(before);
    const auto port = parse_number<std::uint16_t>(value.substr(colon + 1));
    if (!address || !port) {
        return remedy;
    }
    if (is_group(*address)) {
        return "has the address of a group; listen at one of this machine, such as 127.0.0.1:9469";
    }
    if (*port == 0) {
        return "has port 0, where nobody can be reached; use another, such as 9469";
    }
    config.listen_http = {*address, *port};
    return std::nullopt;
}

std::string text(const ListenOption& option) {
    const bool ipv6 = option.address.find(':') != std::string::npos;
    return ipv6 ? fmt::format("[{}]:{}", option.address, option.port)
                : fmt::format("{}:{}", option.address, option.port);
}

}  // namespace ctgate

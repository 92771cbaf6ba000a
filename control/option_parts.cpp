// SPDX-License-Identifier: GPL-2.0-only
#include "control/option_parts.hpp"

#include <netinet/in.h>

#include <algorithm>

namespace ctgate {

std::vector<std::string> split_parts(std::string_view value, char separator) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= value.size();) {
        const std::size_t end = std::min(value.find(separator, begin), value.size());
        parts.emplace_back(value.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

KeyValue split_key(const std::string& part) {
    const std::size_t at = part.find('=');
    return {part.substr(0, at), at == std::string::npos ? "" : part.substr(at + 1)};
}

std::optional<std::uint8_t> parse_protocol(std::string_view word) {
    if (word == "tcp") {
        return IPPROTO_TCP;
    }
    return word == "udp" ? std::optional<std::uint8_t>(IPPROTO_UDP) : std::nullopt;
}

std::string_view protocol_word(std::uint8_t protocol) {
    return protocol == IPPROTO_TCP ? "tcp" : "udp";
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Values that have parts, such as "10.0.0.0/8,via=10.1.0.1,dev=lan0"; shared by the option_*.cpp
// files only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ctgate {

// All parts between the separators; at least one, maybe empty.
std::vector<std::string> split_parts(std::string_view value, char separator);

// "KEY=VALUE"; where there is no '=', all of it is the key.
struct KeyValue {
    std::string key;
    std::string value;
};
KeyValue split_key(const std::string& part);

// "tcp" and "udp".
std::optional<std::uint8_t> parse_protocol(std::string_view word);
std::string_view protocol_word(std::uint8_t protocol);

}  // namespace ctgate

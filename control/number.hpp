// SPDX-License-Identifier: GPL-2.0-only
// Numbers as people write them in options and endpoints.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace ctgate {

// All of `text` as an unsigned number in `base`: digits only (no sign, no space, no "0x"), no
// leading zeros in decimal ("010" is eight to some programs), nullopt where it does not fit.
template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
    if (base == 10 && text.size() > 1 && text.front() == '0') {
        return std::nullopt;
    }
    Number number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number, base);
    if (error != std::errc() || rest != end) {
        return std::nullopt;
    }
    return number;
}

}  // namespace ctgate

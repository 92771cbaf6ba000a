// SPDX-License-Identifier: GPL-2.0-only
// Values of options as text, and foreign text made fit for a message.
#include <fmt/format.h>

#include "control/option_values.hpp"

namespace ctgate {

std::string text(const ExternalAddressOption& option) {
    return option.interface.empty() ? option.address.text()
                                    : fmt::format("{}={}", option.interface, option.address.text());
}

std::string text(const PortRangeOption& option) {
    const std::string ports = fmt::format("{}-{}", option.low, option.high);
    return option.address ? fmt::format("{}={}", option.address->text(), ports) : ports;
}

std::string text(const AddressOption& option) {
    return fmt::format("{}={}", option.interface, option.prefix.text());
}

std::string text(const RouteOption& option) {
    std::string result = option.destination.text();
    if (option.via) {
        result += ",via=" + option.via->text();
    }
    if (!option.interface.empty()) {
        result += ",dev=" + option.interface;
    }
    return result;
}

std::string quote(std::string_view text) {
    constexpr std::size_t longest = 60;
    std::string result = "'";
    for (const char c : text.substr(0, longest)) {
        if (c >= ' ' && c <= '~') {
            result += c;
        } else {
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    return result + (text.size() > longest ? "...'" : "'");
}

}  // namespace ctgate

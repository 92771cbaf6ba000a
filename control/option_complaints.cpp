// SPDX-License-Identifier: GPL-2.0-only
#include "control/option_complaints.hpp"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <cctype>

namespace ctgate {

Complaint interface_complaint(std::string_view name) {
    if (name.empty() || name == "." || name == "..") {
        return "cannot name an interface; write one such as eth0";
    }
    if (name.size() >= IFNAMSIZ) {
        return fmt::format("is too long; the name of an interface has at most {} characters",
                           IFNAMSIZ - 1);
    }
    const auto refused = [](unsigned char c) {
        // The kernel takes the last three, but nft cannot quote them.
        return c == '/' || c == ':' || std::isspace(c) || std::iscntrl(c) || c == '"' || c == '*' ||
               c == '\\';
    };
    if (std::any_of(name.begin(), name.end(), refused)) {
        return "cannot name an interface: spaces and any of /:\"*\\ are not allowed";
    }
    return std::nullopt;
}

Complaint host_complaint(IpAddress address) {
    const std::uint32_t host = ntohl(address.v4);
    const char* kind = nullptr;
    if (host >> IN_CLASSA_NSHIFT == 0) {
        kind = "an unspecified";
    } else if (host >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET) {
        kind = "a loopback";
    } else if (IN_MULTICAST(host)) {
        kind = "a multicast";
    } else if (host == INADDR_BROADCAST) {
        kind = "the broadcast";
    }
    if (!kind) {
        return std::nullopt;
    }
    return fmt::format("has {} address; use one of a host, such as 203.0.113.5", kind);
}

Complaint host_complaint(const IpPrefix& prefix) {
    constexpr unsigned longest = 30;
    const std::uint32_t host = ntohl(prefix.address.v4);
    const std::uint32_t network = ntohl(prefix.network().v4);
    if (prefix.length <= longest && host == network) {
        return fmt::format("has the network address of its prefix; use one behind it");
    }
    if (prefix.length <= longest && host == (network | ~std::uint32_t{0} >> prefix.length)) {
        return fmt::format("has the broadcast address of its prefix; use one before it");
    }
    return host_complaint(prefix.address);
}

Complaint network_complaint(const IpPrefix& prefix) {
    const IpPrefix network{prefix.network(), prefix.length};
    if (prefix == network) {
        return std::nullopt;
    }
    return fmt::format("has bits behind its prefix length; write {}", network.text());
}

}  // namespace ctgate

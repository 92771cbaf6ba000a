// SPDX-License-Identifier: GPL-2.0-only
#include "control/option_values.hpp"

#include <fmt/format.h>

#include <bit>
#include <utility>
#include <vector>

#include "control/number.hpp"
#include "control/option_complaints.hpp"

namespace ctgate {
namespace {

constexpr std::uint64_t most_sessions = std::uint64_t{1} << 31;

Complaint take_interface(const std::string& value, std::vector<std::string>& list) {
    Complaint complaint = interface_complaint(value);
    if (!complaint) {
        list.push_back(value);
    }
    return complaint;
}

// "LEFT=RIGHT"; where nothing stands before it, no left. An interface may have '=' in its name,
// an address may not, so the last one separates.
std::pair<std::optional<std::string>, std::string> split_assignment(const std::string& value) {
    const std::size_t at = value.rfind('=');
    if (at == std::string::npos) {
        return {std::nullopt, value};
    }
    return {value.substr(0, at), value.substr(at + 1)};
}

// "LOW-HIGH"; port 0 is no port (RFC 6335 section 6).
Complaint parse_ports(const std::string& value, PortRangeOption& range) {
    const std::size_t at = value.find('-');
    const auto low = parse_number<std::uint16_t>(value.substr(0, at));
    const auto high =
        at == std::string::npos ? std::nullopt : parse_number<std::uint16_t>(value.substr(at + 1));
    if (!low || !high) {
        return "is no port range; write LOW-HIGH within 1-65535, such as 40000-49999";
    }
    if (*low == 0 || *high == 0) {
        return "has port 0, which no packet may carry; begin with 1 or more";
    }
    if (*low > *high) {
        return fmt::format("is reversed; write {}-{}", *high, *low);
    }
    range.low = *low;
    range.high = *high;
    return std::nullopt;
}

}  // namespace

Complaint take_internal(const std::string& value, Config& config) {
    return take_interface(value, config.internal);
}

Complaint take_external(const std::string& value, Config& config) {
    return take_interface(value, config.external);
}

Complaint take_move(const std::string& value, Config& config) {
    return take_interface(value, config.move);
}

Complaint take_external_address(const std::string& value, Config& config) {
    const auto [interface, address_text] = split_assignment(value);
    const std::optional<IpAddress> address = IpAddress::parse(address_text);
    if (!address) {
        return "is no external address; write ADDR or IF=ADDR, such as wan0=203.0.113.5";
    }
    if (interface) {
        if (Complaint complaint = interface_complaint(*interface)) {
            return fmt::format("begins with {}, which {}", quote(*interface), *complaint);
        }
    }
    if (Complaint complaint = host_complaint(*address)) {
        return complaint;
    }
    config.external_addresses.push_back({interface.value_or(""), *address});
    return std::nullopt;
}

Complaint take_port_range(const std::string& value, Config& config) {
    const auto [address, ports] = split_assignment(value);
    PortRangeOption range;
    if (address) {
        range.address = IpAddress::parse(*address);
        if (!range.address) {
            return "has no address before '='; write ADDR=LOW-HIGH, such as 203.0.113.5=1024-2047";
        }
        if (Complaint complaint = host_complaint(*range.address)) {
            return complaint;
        }
    }
    Complaint complaint = parse_ports(ports, range);
    if (!complaint) {
        config.port_ranges.push_back(range);
    }
    return complaint;
}

Complaint take_address(const std::string& value, Config& config) {
    const auto [interface, prefix_text] = split_assignment(value);
    const std::optional<IpPrefix> prefix = IpPrefix::parse(prefix_text);
    if (!interface || !prefix) {
        return "is no address for an interface; write IF=ADDR/LENGTH, such as lan0=10.0.0.1/24";
    }
    if (Complaint complaint = interface_complaint(*interface)) {
        return fmt::format("begins with {}, which {}", quote(*interface), *complaint);
    }
    Complaint complaint = host_complaint(*prefix);
    if (!complaint) {
        config.addresses.push_back({*interface, *prefix});
    }
    return complaint;
}

Complaint take_netns(const std::string& value, Config& config) {
    if (value.empty() || value == "." || value == ".." || value.find('/') != std::string::npos ||
        value.find('\0') != std::string::npos) {
        return "cannot name a network namespace; use a plain name such as gateway";
    }
    config.netns = value;
    return std::nullopt;
}

Complaint take_max_sessions(const std::string& value, Config& config) {
    const auto sessions = parse_number<std::uint64_t>(value);
    if (!sessions || *sessions == 0 || *sessions > most_sessions) {
        return fmt::format("is no number of sessions from 1 to {}, such as 262144", most_sessions);
    }
    config.max_sessions = *sessions;
    return std::nullopt;
}

Complaint take_max_ports_per_host(const std::string& value, Config& config) {
    const auto ports = parse_number<std::uint16_t>(value);
    if (!ports) {
        return "is no number of ports from 1 to 65535, such as 2048, nor 0 for no limit";
    }
    config.max_ports_per_host = *ports;
    return std::nullopt;
}

Complaint take_max_sessions_per_host(const std::string& value, Config& config) {
    const auto sessions = parse_number<std::uint32_t>(value);
    if (!sessions || *sessions > most_sessions) {
        return fmt::format(
            "is no number of sessions from 1 to {}, such as 4000, nor 0 for no limit",
            most_sessions);
    }
    config.max_sessions_per_host = *sessions;
    return std::nullopt;
}

Complaint take_max_new_per_second(const std::string& value, Config& config) {
    const auto sessions = parse_number<std::uint32_t>(value);
    if (!sessions) {
        return "is no number of sessions, such as 200, nor 0 for no limit";
    }
    config.max_new_per_second = *sessions;
    return std::nullopt;
}

Complaint take_accepted_mark(const std::string& value, Config& config) {
    const bool hexadecimal = value.starts_with("0x") || value.starts_with("0X");
    const auto mark = hexadecimal
                          ? parse_number<std::uint32_t>(std::string_view(value).substr(2), 16)
                          : parse_number<std::uint32_t>(value);
    if (!mark || !std::has_single_bit(*mark)) {
        return "is not exactly one bit of 32; write it as 0x80000000 or 2147483648";
    }
    config.accepted_mark = *mark;
    return std::nullopt;
}

}  // namespace ctgate

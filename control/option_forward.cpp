// SPDX-License-Identifier: GPL-2.0-only
// --forward PROTO:[EXTERNAL:]PORT[-PORT]:INTERNAL:PORT[-PORT][,from=CIDR]...[,not-from=CIDR]...
#include <fmt/format.h>
#include <netinet/in.h>

#include "control/number.hpp"
#include "control/option_complaints.hpp"
#include "control/option_parts.hpp"
#include "control/option_values.hpp"

namespace ctgate {
namespace {

struct Ports {
    std::uint16_t low = 0;
    std::uint16_t high = 0;
    int count() const { return high - low + 1; }
};

Complaint parse_ports(const std::string& text, Ports& ports) {
    const std::vector<std::string> ends = split_parts(text, '-');
    const auto low = parse_number<std::uint16_t>(ends.front());
    const auto high = parse_number<std::uint16_t>(ends.back());
    if (ends.size() > 2 || !low || !high || *low == 0 || *high == 0) {
        return fmt::format("has {}, which is neither a port nor a range of ports such as 5000-5009",
                           quote(text));
    }
    if (*low > *high) {
        return fmt::format("has the reversed range {}; write {}-{}", quote(text), *high, *low);
    }
    ports = {*low, *high};
    return std::nullopt;
}

Complaint parse_host(const std::string& text, IpAddress& address) {
    const std::optional<IpAddress> parsed = IpAddress::parse(text);
    if (!parsed) {
        return fmt::format("has {}, which is no address such as 10.0.0.2", quote(text));
    }
    address = *parsed;
    return host_complaint(address);
}

Complaint parse_protocols(const std::string& text, ForwardOption& forward) {
    for (const std::string& word : split_parts(text, '+')) {
        const std::optional<std::uint8_t> protocol = parse_protocol(word);
        if (!protocol) {
            return fmt::format("begins with {}, which is none of tcp, udp, tcp+udp", quote(text));
        }
        forward.tcp |= *protocol == IPPROTO_TCP;
        forward.udp |= *protocol == IPPROTO_UDP;
    }
    return std::nullopt;
}

// What stands before the first comma.
Complaint parse_way(const std::string& text, ForwardOption& forward) {
    const std::vector<std::string> parts = split_parts(text, ':');
    constexpr std::size_t least = 4;
    if (parts.size() != least && parts.size() != least + 1) {
        return "is no forward; write PROTO:[EXTERNAL:]PORTS:INTERNAL:PORTS, such as "
               "tcp:8080:10.0.0.2:80 or udp:203.0.113.5:5000-5009:10.0.0.2:5000-5009";
    }
    const bool has_external = parts.size() > least;
    const auto internal = parts.end() - 2;
    Ports external_ports;
    Ports internal_ports;
    Complaint complaint = parse_protocols(parts.front(), forward);
    if (!complaint && has_external) {
        complaint = parse_host(parts[1], forward.external.emplace());
    }
    if (!complaint) {
        complaint = parse_ports(*(internal - 1), external_ports);
    }
    if (!complaint) {
        complaint = parse_host(*internal, forward.internal);
    }
    if (!complaint) {
        complaint = parse_ports(parts.back(), internal_ports);
    }
    if (!complaint && external_ports.count() != internal_ports.count()) {
        complaint = fmt::format("has {} external but {} internal ports; give as many of both",
                                external_ports.count(), internal_ports.count());
    }
    forward.low = external_ports.low;
    forward.high = external_ports.high;
    forward.internal_low = internal_ports.low;
    return complaint;
}

Complaint take_remote(const std::string& part, ForwardOption& forward) {
    const KeyValue split = split_key(part);
    if (split.key != "from" && split.key != "not-from") {
        return fmt::format("has {}, which is neither from=CIDR nor not-from=CIDR", quote(part));
    }
    const std::optional<IpPrefix> prefix = IpPrefix::parse(split.value);
    if (!prefix) {
        return fmt::format("needs a prefix behind {0}=, such as {0}=192.0.2.0/24", split.key);
    }
    if (const Complaint complaint = network_complaint(*prefix)) {
        return fmt::format("has {}, which {}", quote(part), *complaint);
    }
    (split.key == "from" ? forward.from : forward.not_from).push_back(*prefix);
    return std::nullopt;
}

Complaint parse_forward(const std::string& value, ForwardOption& forward) {
    const std::vector<std::string> parts = split_parts(value, ',');
    Complaint complaint = parse_way(parts.front(), forward);
    for (std::size_t i = 1; !complaint && i < parts.size(); ++i) {
        complaint = take_remote(parts[i], forward);
    }
    return complaint;
}

std::string ports_text(int low, int high) {
    return low == high ? std::to_string(low) : fmt::format("{}-{}", low, high);
}

}  // namespace

Complaint take_forward(const std::string& value, Config& config) {
    ForwardOption forward;
    Complaint complaint = parse_forward(value, forward);
    if (!complaint) {
        config.forwards.push_back(std::move(forward));
    }
    return complaint;
}

std::string text(const ForwardOption& option) {
    std::string result = fmt::format(
        "{}{}{}:{}{}:{}:{}", option.tcp ? "tcp" : "", option.tcp && option.udp ? "+" : "",
        option.udp ? "udp" : "", option.external ? option.external->text() + ":" : "",
        ports_text(option.low, option.high), option.internal.text(),
        ports_text(option.internal_low, option.internal_low + option.high - option.low));
    for (const IpPrefix& prefix : option.from) {
        result += ",from=" + prefix.text();
    }
    for (const IpPrefix& prefix : option.not_from) {
        result += ",not-from=" + prefix.text();
    }
    return result;
}

}  // namespace ctgate

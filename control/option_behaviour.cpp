// SPDX-License-Identifier: GPL-2.0-only
// --mapping, --filtering, and what of that differs for some hosts.
#include <fmt/format.h>

#include "control/option_choices.hpp"
#include "control/option_complaints.hpp"
#include "control/option_parts.hpp"

namespace ctgate {

template <>
struct Choices<MappingBehaviour> {
    static constexpr std::pair<std::string_view, MappingBehaviour> list[] = {
        {"endpoint-independent", MappingBehaviour::endpoint_independent},
        {"address-and-port-dependent", MappingBehaviour::address_and_port_dependent}};
};

template <>
struct Choices<FilteringBehaviour> {
    static constexpr std::pair<std::string_view, FilteringBehaviour> list[] = {
        {"endpoint-independent", FilteringBehaviour::endpoint_independent},
        {"address-dependent", FilteringBehaviour::address_dependent},
        {"address-and-port-dependent", FilteringBehaviour::address_and_port_dependent}};
};

namespace {

Complaint take_protocol(const std::string& value, std::optional<std::uint8_t>& protocol) {
    protocol = parse_protocol(value);
    return protocol ? std::nullopt : Complaint("is none of tcp, udp");
}

template <typename Enum>
Complaint take_choice(const std::string& value, std::optional<Enum>& target) {
    return take_choice(value, target.emplace());
}

template <typename Target>
Complaint take_once(const KeyValue& part, std::optional<Target>& target,
                    Complaint (*take)(const std::string&, std::optional<Target>&)) {
    if (target) {
        return fmt::format("has two {}=; keep one", part.key);
    }
    const Complaint complaint = take(part.value, target);
    return complaint ? fmt::format("has {}={}, which {}", part.key, quote(part.value), *complaint)
                     : complaint;
}

Complaint take_host_part(const std::string& part, HostOption& host) {
    const KeyValue split = split_key(part);
    if (split.key == "protocol") {
        return take_once(split, host.protocol, take_protocol);
    }
    if (split.key == "mapping") {
        return take_once(split, host.mapping, take_choice<MappingBehaviour>);
    }
    if (split.key == "filtering") {
        return take_once(split, host.filtering, take_choice<FilteringBehaviour>);
    }
    return fmt::format("has {}, which is none of protocol=, mapping= and filtering=", quote(part));
}

Complaint parse_host(const std::string& value, HostOption& host) {
    const std::vector<std::string> parts = split_parts(value, ',');
    const std::optional<IpPrefix> prefix = IpPrefix::parse(parts.front());
    if (!prefix) {
        return "does not begin with a prefix; write it as "
               "10.0.0.5/32,filtering=endpoint-independent";
    }
    host.prefix = *prefix;
    if (Complaint complaint = network_complaint(*prefix)) {
        return complaint;
    }
    for (std::size_t i = 1; i < parts.size(); ++i) {
        if (Complaint complaint = take_host_part(parts[i], host)) {
            return complaint;
        }
    }
    if (!host.mapping && !host.filtering) {
        return "changes nothing; add mapping=BEHAVIOUR, filtering=BEHAVIOUR or both";
    }
    const Complaint complaint = host.mapping && host.filtering
                                    ? behaviour_complaint({*host.mapping, *host.filtering})
                                    : std::nullopt;
    return complaint ? fmt::format("has a filtering that {}", *complaint) : complaint;
}

}  // namespace

Complaint behaviour_complaint(NatBehaviour behaviour) {
    if (behaviour.mapping == MappingBehaviour::endpoint_independent ||
        behaviour.filtering == FilteringBehaviour::address_and_port_dependent) {
        return std::nullopt;
    }
    return "cannot go with address-and-port-dependent mapping, by which a port may belong to "
           "several hosts; leave the filtering out, or have endpoint-independent mapping";
}

Complaint take_mapping(const std::string& value, Config& config) {
    return take_choice(value, config.behaviour.mapping);
}

Complaint take_filtering(const std::string& value, Config& config) {
    return take_choice(value, config.behaviour.filtering);
}

Complaint take_host(const std::string& value, Config& config) {
    HostOption host;
    Complaint complaint = parse_host(value, host);
    if (!complaint) {
        config.hosts.push_back(host);
    }
    return complaint;
}

std::string_view text(MappingBehaviour value) {
    return choice_text(value);
}

std::string_view text(FilteringBehaviour value) {
    return choice_text(value);
}

std::string text(const HostOption& option) {
    std::string result = option.prefix.text();
    if (option.protocol) {
        result += fmt::format(",protocol={}", protocol_word(*option.protocol));
    }
    if (option.mapping) {
        result += fmt::format(",mapping={}", text(*option.mapping));
    }
    if (option.filtering) {
        result += fmt::format(",filtering={}", text(*option.filtering));
    }
    return result;
}

}  // namespace ctgate

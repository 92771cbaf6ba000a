// SPDX-License-Identifier: GPL-2.0-only
// Whole hosts and networks that are treated apart: --one-to-one, --dmz, --no-nat.
#include <fmt/format.h>

#include "control/option_complaints.hpp"
#include "control/option_parts.hpp"
#include "control/option_values.hpp"

namespace ctgate {

Complaint take_one_to_one(const std::string& value, Config& config) {
    const KeyValue split = split_key(value);
    const std::optional<IpAddress> external = IpAddress::parse(split.key);
    const std::optional<IpAddress> internal = IpAddress::parse(split.value);
    if (!external || !internal) {
        return "is no pair of addresses; write EXTERNAL=INTERNAL, such as 203.0.113.5=10.0.0.2";
    }
    for (const IpAddress address : {*external, *internal}) {
        if (Complaint complaint = host_complaint(address)) {
            return complaint;
        }
    }
    if (*external == *internal) {
        return "has the same address twice; name the external and the internal one";
    }
    config.one_to_one.push_back({*external, *internal});
    return std::nullopt;
}

Complaint take_dmz(const std::string& value, Config& config) {
    const std::optional<IpAddress> host = IpAddress::parse(value);
    if (!host) {
        return "is no address of an internal host; write one such as 10.0.0.2";
    }
    Complaint complaint = host_complaint(*host);
    if (!complaint) {
        config.dmz = host;
    }
    return complaint;
}

Complaint take_no_nat(const std::string& value, Config& config) {
    const std::optional<IpPrefix> prefix = IpPrefix::parse(value);
    if (!prefix) {
        return "is no prefix; write ADDR/LENGTH, such as 192.168.0.0/16";
    }
    if (prefix->length == 0) {
        return "would leave nothing to translate; name the networks, such as 192.168.0.0/16";
    }
    Complaint complaint = network_complaint(*prefix);
    if (!complaint) {
        config.no_nat.push_back(*prefix);
    }
    return complaint;
}

std::string text(const OneToOneOption& option) {
    return fmt::format("{}={}", option.external.text(), option.internal.text());
}

}  // namespace ctgate

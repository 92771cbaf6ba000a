// SPDX-License-Identifier: GPL-2.0-only
#include "control/config_json.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "control/behaviour.hpp"
#include "control/option_parts.hpp"
#include "control/option_values.hpp"
#include "control/port_set.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

ordered_json or_null(const std::string& text) {
    return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json or_null(const std::optional<IpAddress>& address) {
    return address ? ordered_json(address->text()) : ordered_json(nullptr);
}

// Of a limit, where 0 stands for none.
ordered_json or_null(std::uint64_t number) {
    return number == 0 ? ordered_json(nullptr) : ordered_json(number);
}

template <typename Option, typename ToJson>
ordered_json array(const std::vector<Option>& options, ToJson to_json) {
    ordered_json result = ordered_json::array();
    std::transform(options.begin(), options.end(), std::back_inserter(result), to_json);
    return result;
}

ordered_json to_json(const ExternalAddressOption& option) {
    return {{"interface", or_null(option.interface)}, {"address", option.address.text()}};
}

ordered_json to_json(const PortRangeOption& option) {
    return {{"address", or_null(option.address)}, {"low", option.low}, {"high", option.high}};
}

ordered_json to_json(const PortSet& set) {
    return {{"id", set.id}, {"length", set.length}, {"offset", set.offset}};
}

// The prefix, or "auto".
ordered_json to_json(const DeterministicOption& option) {
    return option.prefix ? option.prefix->text() : "auto";
}

ordered_json to_json(const AddressOption& option) {
    return {{"interface", option.interface}, {"prefix", option.prefix.text()}};
}

ordered_json to_json(const RouteOption& option) {
    return {{"destination", option.destination.text()},
            {"via", or_null(option.via)},
            {"interface", or_null(option.interface)}};
}

template <typename Enum>
ordered_json word_or_null(std::optional<Enum> value) {
    return value ? ordered_json(text(*value)) : ordered_json(nullptr);
}

ordered_json to_json(const NatBehaviour& behaviour) {
    return {{"mapping", text(behaviour.mapping)}, {"filtering", text(behaviour.filtering)}};
}

ordered_json to_json(const HostOption& option) {
    return {{"prefix", option.prefix.text()},
            {"protocol", option.protocol ? ordered_json(protocol_word(*option.protocol))
                                         : ordered_json(nullptr)},
            {"mapping", word_or_null(option.mapping)},
            {"filtering", word_or_null(option.filtering)}};
}

ordered_json to_json(const IpPrefix& prefix) {
    return prefix.text();
}

ordered_json to_json(const ForwardOption& option) {
    const auto each = [](const IpPrefix& prefix) { return to_json(prefix); };
    ordered_json protocols = ordered_json::array();
    if (option.tcp) {
        protocols.push_back("tcp");
    }
    if (option.udp) {
        protocols.push_back("udp");
    }
    return {{"protocols", protocols},
            {"external", or_null(option.external)},
            {"low", option.low},
            {"high", option.high},
            {"internal", option.internal.text()},
            {"internal_low", option.internal_low},
            {"from", array(option.from, each)},
            {"not_from", array(option.not_from, each)}};
}

ordered_json to_json(const OneToOneOption& option) {
    return {{"external", option.external.text()}, {"internal", option.internal.text()}};
}

ordered_json to_json(const Timeouts& timeouts) {
    return {{"udp", timeouts.udp},
            {"tcp_established", timeouts.tcp_established},
            {"tcp_transitory", timeouts.tcp_transitory},
            {"icmp", timeouts.icmp}};
}

}  // namespace

ordered_json to_json(const ParsedOptions& options) {
    const Config& config = options.config;
    const auto each = [](const auto& option) { return to_json(option); };
    const std::optional<PortSet> port_set = port_set_of(config);
    return {{"config_file", or_null(options.config_file)},
            {"netns", or_null(config.netns)},
            {"internal", config.internal},
            {"external", config.external},
            {"external_addresses", array(config.external_addresses, each)},
            {"port_ranges", array(config.port_ranges, each)},
            {"port_set", port_set ? to_json(*port_set) : ordered_json(nullptr)},
            {"move", config.move},
            {"addresses", array(config.addresses, each)},
            {"routes", array(config.routes, each)},
            {"behaviour", to_json(in_force(config.behaviour))},
            {"hosts", array(config.hosts, each)},
            {"inbound_refresh", config.inbound_refresh},
            {"overload_when_full", config.overload_when_full},
            {"max_ports_per_host", or_null(config.max_ports_per_host)},
            {"port_block_size", or_null(config.port_block_size)},
            {"max_sessions_per_host", or_null(config.max_sessions_per_host)},
            {"deterministic", config.deterministic ? to_json(*config.deterministic) : nullptr},
            {"max_new_per_second", or_null(config.max_new_per_second)},
            {"refusal_icmp", config.refuse_icmp},
            {"forwards", array(config.forwards, each)},
            {"one_to_one", array(config.one_to_one, each)},
            {"dmz", or_null(config.dmz)},
            {"no_nat", array(config.no_nat, each)},
            {"timeouts", to_json(config.timeouts)},
            {"dangerous_timeouts", config.dangerous_timeouts},
            {"clamp_mss", text(config.clamp_mss)},
            {"max_sessions", or_null(config.max_sessions)},
            {"accepted_mark", config.accepted_mark},
            {"attach", text(config.attach)},
            {"fast_path", text(config.fast_path)},
            {"listen_http",
             config.listen_http ? ordered_json(text(*config.listen_http)) : ordered_json(nullptr)},
            {"log_level", text(config.log_level)},
            {"nat_log", or_null(config.nat_log)},
            {"ipfix", config.ipfix ? ordered_json(config.ipfix->text()) : ordered_json(nullptr)}};
}

}  // namespace ctgate

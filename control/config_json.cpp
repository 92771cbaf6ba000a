// SPDX-License-Identifier: GPL-2.0-only
#include "control/config_json.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "control/option_values.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

ordered_json or_null(const std::string& text) {
    return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json or_null(const std::optional<IpAddress>& address) {
    return address ? ordered_json(address->text()) : ordered_json(nullptr);
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

ordered_json to_json(const AddressOption& option) {
    return {{"interface", option.interface}, {"prefix", option.prefix.text()}};
}

ordered_json to_json(const RouteOption& option) {
    return {{"destination", option.destination.text()},
            {"via", or_null(option.via)},
            {"interface", or_null(option.interface)}};
}

}  // namespace

ordered_json to_json(const ParsedOptions& options) {
    const Config& config = options.config;
    const auto each = [](const auto& option) { return to_json(option); };
    return {{"config_file", or_null(options.config_file)},
            {"netns", or_null(config.netns)},
            {"internal", config.internal},
            {"external", config.external},
            {"external_addresses", array(config.external_addresses, each)},
            {"port_ranges", array(config.port_ranges, each)},
            {"move", config.move},
            {"addresses", array(config.addresses, each)},
            {"routes", array(config.routes, each)},
            {"clamp_mss", text(config.clamp_mss)},
            {"max_sessions",
             config.max_sessions == 0 ? ordered_json(nullptr) : ordered_json(config.max_sessions)},
            {"accepted_mark", config.accepted_mark},
            {"attach", text(config.attach)},
            {"log_level", text(config.log_level)}};
}

}  // namespace ctgate

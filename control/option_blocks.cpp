// SPDX-License-Identifier: GPL-2.0-only
// --port-block-size and --deterministic, and what does not go with blocks of ports.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "control/deterministic.hpp"
#include "control/number.hpp"
#include "control/option_complaints.hpp"
#include "control/option_draft.hpp"
#include "ctgate/ports.h"

namespace ctgate {
namespace {

constexpr unsigned smallest = 1U << CTGATE_MIN_BLOCK_ORDER;
constexpr unsigned largest = 1U << CTGATE_MAX_BLOCK_ORDER;

// The option by which ports may be shared between hosts; empty: none.
std::string sharing_option(const Config& config) {
    const auto shared = MappingBehaviour::address_and_port_dependent;
    const auto host = std::find_if(config.hosts.begin(), config.hosts.end(),
                                   [&](const HostOption& each) { return each.mapping == shared; });
    if (config.behaviour.mapping == shared) {
        return fmt::format("--mapping {}", text(shared));
    }
    if (host != config.hosts.end()) {
        return fmt::format("--host {}", text(*host));
    }
    return config.overload_when_full ? "--overload-when-full yes" : "";
}

}  // namespace

Complaint take_port_block_size(const std::string& value, Config& config) {
    const auto size = parse_number<unsigned>(value);
    if (!size || !std::has_single_bit(*size) || *size < smallest || *size > largest) {
        return fmt::format("is no size of a port block; write a power of two from {} to {}",
                           smallest, largest);
    }
    config.port_block_size = *size;
    return std::nullopt;
}

Complaint take_deterministic(const std::string& value, Config& config) {
    DeterministicOption option;
    if (!value.empty() && value != "auto") {
        option.prefix = IpPrefix::parse(value);
        if (!option.prefix) {
            return "is no prefix of internal hosts; write --deterministic=ADDR/LENGTH, such as "
                   "10.0.0.0/24, or auto for the network of the internal interface";
        }
        if (Complaint complaint = network_complaint(*option.prefix)) {
            return complaint;
        }
    }
    config.deterministic = option;
    return std::nullopt;
}

// A port that several hosts share is in the block of one of them at most.
void OptionDraft::check_blocks() {
    const std::string sharing = sharing_option(config_);
    for (const char* name : {"port-block-size", "deterministic"}) {
        if (taken(name) && !sharing.empty()) {
            problem(fmt::format("{} cannot go with {}, by which hosts share ports; keep one",
                                label(name), sharing));
        }
    }
    if (taken("deterministic") && problems_.empty()) {
        check_deterministic();
    }
}

// An interface without --external-address has one address, whichever that is. Where it is not known
// which of several has an address, `run` will see.
void OptionDraft::check_deterministic() {
    if (!config_.deterministic->prefix) {
        if (config_.internal.size() > 1) {
            problem(
                fmt::format("{} does not say which of {} internal interfaces' hosts; write "
                            "--deterministic=PREFIX",
                            label("deterministic"), config_.internal.size()));
        }
        return;
    }
    const auto unknown = [](const ExternalAddressOption& each) { return each.interface.empty(); };
    if (config_.external.size() > 1 && std::any_of(config_.external_addresses.begin(),
                                                   config_.external_addresses.end(), unknown)) {
        return;
    }
    Config unchecked = config_;
    unchecked.deterministic.reset();
    for (const std::string& name : config_.external) {
        const ExternalInterface interface =
            external_interface(unchecked, name, {IpPrefix{}}, config_.external.size() == 1);
        if (!deterministic_order(config_, interface)) {
            problem(fmt::format("{} {} {}", label("deterministic"),
                                quote(config_.deterministic->prefix->text()),
                                deterministic_complaint(config_, interface)));
        }
    }
}

std::string text(const DeterministicOption& option) {
    return option.prefix ? option.prefix->text() : "the network of the internal interface";
}

}  // namespace ctgate

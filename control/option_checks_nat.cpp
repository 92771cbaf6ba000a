// SPDX-License-Identifier: GPL-2.0-only
// OptionDraft: what options about mappings say against each other.
#include <fmt/format.h>

#include <algorithm>

#include "control/option_draft.hpp"

namespace ctgate {
namespace {

// Both say something, of the same thing, for the same hosts and a protocol.
bool contradict(const HostOption& one, const HostOption& other) {
    const bool protocols = !one.protocol || !other.protocol || one.protocol == other.protocol;
    const bool things = (one.mapping && other.mapping) || (one.filtering && other.filtering);
    return one.prefix == other.prefix && protocols && things;
}

// The first of the options that is about this address, as "--NAME 'VALUE'"; empty without one.
template <typename Option>
std::string user_of(IpAddress address, const char* name, const std::vector<Option>& options,
                    std::optional<IpAddress> (*address_of)(const Option&)) {
    const auto found = std::find_if(options.begin(), options.end(), [&](const Option& option) {
        return address_of(option) == address;
    });
    return found == options.end() ? "" : fmt::format("--{} {}", name, quote(text(*found)));
}

// Who else uses the external address of a --one-to-one.
std::string user_of(IpAddress address, const Config& config) {
    using Address = std::optional<IpAddress>;
    std::string user = user_of<ExternalAddressOption>(
        address, "external-address", config.external_addresses,
        [](const ExternalAddressOption& option) -> Address { return option.address; });
    if (user.empty()) {
        user = user_of<PortRangeOption>(
            address, "port-range", config.port_ranges,
            [](const PortRangeOption& option) -> Address { return option.address; });
    }
    if (user.empty()) {
        user = user_of<ForwardOption>(
            address, "forward", config.forwards,
            [](const ForwardOption& option) -> Address { return option.external; });
    }
    return user;
}

}  // namespace

bool overlap(const ForwardOption& one, const ForwardOption& other) {
    const bool protocols = (one.tcp && other.tcp) || (one.udp && other.udp);
    const bool addresses = !one.external || !other.external || one.external == other.external;
    return protocols && addresses && one.low <= other.high && other.low <= one.high;
}

void OptionDraft::check_behaviour() {
    const Complaint complaint = behaviour_complaint(config_.behaviour);
    if (complaint && taken("filtering")) {
        problem(fmt::format("{} {} {}", label("filtering"),
                            quote(text(config_.behaviour.filtering)), *complaint));
    }
}

void OptionDraft::check_hosts() {
    const std::vector<HostOption>& hosts = config_.hosts;
    for (auto host = hosts.begin(); host != hosts.end(); ++host) {
        const auto earlier = std::find_if(
            hosts.begin(), host, [&](const HostOption& each) { return contradict(each, *host); });
        if (earlier != host) {
            problem(fmt::format("{} {} sets for the same hosts what {} sets; keep one",
                                label("host", static_cast<std::size_t>(host - hosts.begin())),
                                quote(text(*host)), quote(text(*earlier))));
        }
    }
}

void OptionDraft::check_forwards() {
    const std::vector<ForwardOption>& forwards = config_.forwards;
    for (auto forward = forwards.begin(); forward != forwards.end(); ++forward) {
        const auto earlier =
            std::find_if(forwards.begin(), forward,
                         [&](const ForwardOption& each) { return overlap(each, *forward); });
        if (earlier != forward) {
            problem(
                fmt::format("{} {} overlaps {}; a port can go to one place only",
                            label("forward", static_cast<std::size_t>(forward - forwards.begin())),
                            quote(text(*forward)), quote(text(*earlier))));
        }
    }
}

void OptionDraft::check_one_to_one() {
    std::map<IpAddress, std::string> before;
    for (std::size_t i = 0; i < config_.one_to_one.size(); ++i) {
        const OneToOneOption& option = config_.one_to_one[i];
        const std::string value = text(option);
        for (const IpAddress address : {option.external, option.internal}) {
            const auto [earlier, is_new] = before.emplace(address, value);
            if (!is_new) {
                problem(fmt::format("{} {} has {}, which {} has already; keep one",
                                    label("one-to-one", i), quote(value), address.text(),
                                    quote(earlier->second)));
                break;
            }
        }
        if (const std::string user = user_of(option.external, config_); !user.empty()) {
            problem(
                fmt::format("{} {} needs {} for itself, which {} uses too; take another for one",
                            label("one-to-one", i), quote(value), option.external.text(), user));
        }
    }
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/doctor_patient.hpp"

#include <algorithm>
#include <exception>

namespace ctgate::doctor {
namespace {

// What serves, as far as it is written down, in place of options.
Config config_of(const Serving& serving) {
    Config config;
    config.internal = serving.internal;
    for (const ExternalInterface& each : serving.external) {
        config.external.push_back(each.name);
    }
    config.forwards = serving.forwards;
    config.max_sessions = serving.max_sessions;
    config.accepted_mark = serving.accepted_mark;
    return config;
}

std::vector<Link> present(const std::vector<std::string>& names, const std::vector<Link>& links) {
    std::vector<Link> result;
    for (const std::string& name : names) {
        const auto link = std::find_if(links.begin(), links.end(),
                                       [&](const Link& each) { return each.name == name; });
        if (link != links.end()) {
            result.push_back(*link);
        }
    }
    return result;
}

// Those that it has, and those that `run` would give it.
std::vector<IpPrefix> addresses_of(const Link& link, const Config& config, Netlink& netlink) {
    std::vector<IpPrefix> own = netlink.addresses(link.index);
    for (const AddressOption& each : config.addresses) {
        if (each.interface == link.name) {
            own.push_back(each.prefix);
        }
    }
    return own;
}

std::vector<ExternalInterface> pools_of(Config config, const std::vector<Link>& external,
                                        Netlink& netlink) {
    config.deterministic.reset();  // who has which block is of no matter here
    std::vector<ExternalInterface> pools;
    pools.reserve(external.size());
    for (const Link& link : external) {
        pools.push_back(external_interface(config, link.name, addresses_of(link, config, netlink),
                                           config.external.size() == 1));
    }
    return pools;
}

}  // namespace

Finding good(std::string found) {
    return {Grade::good, std::move(found), ""};
}

Finding warning(std::string found, std::string remedy) {
    return {Grade::warning, std::move(found), std::move(remedy)};
}

Finding bad(std::string found, std::string remedy) {
    return {Grade::bad, std::move(found), std::move(remedy)};
}

Finding not_applicable(std::string why) {
    return {Grade::not_applicable, std::move(why), ""};
}

Finding bad_sentence(const std::string& sentence) {
    const std::size_t end = sentence.find("; ");
    return end == std::string::npos ? bad(sentence, "")
                                    : bad(sentence.substr(0, end), sentence.substr(end + 2));
}

Findings unless_good(Findings problems, std::string found) {
    return problems.empty() ? Findings{good(std::move(found))} : std::move(problems);
}

Patient examine(const std::optional<Config>& given) {
    Patient patient;
    patient.gateway = examine_gateway();
    Netlink netlink;
    patient.links = netlink.links();
    if (given) {
        patient.config = *given;
    } else if (patient.gateway) {
        patient.config = config_of(patient.gateway->serving);
    }
    patient.internal = present(patient.config.internal, patient.links);
    patient.external = present(patient.config.external, patient.links);
    for (const Link& link : patient.internal) {
        const std::vector<IpPrefix> own = addresses_of(link, patient.config, netlink);
        patient.inside.insert(patient.inside.end(), own.begin(), own.end());
    }
    patient.pools = patient.gateway && !given ? patient.gateway->serving.external
                                              : pools_of(patient.config, patient.external, netlink);
    try {
        patient.ruleset = firewall::read();
    } catch (const std::exception& error) {
        patient.ruleset_error = error.what();
    }
    return patient;
}

}  // namespace ctgate::doctor

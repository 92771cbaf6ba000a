// SPDX-License-Identifier: GPL-2.0-only
#include "control/serving.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "control/option_values.hpp"

namespace ctgate {
namespace {

using nlohmann::json;

json to_json(const ExternalInterface& interface) {
    json addresses = json::array();
    for (const ExternalAddress& each : interface.addresses) {
        json ranges = json::array();
        for (const ctgate_port_range& range : each.ranges) {
            ranges.push_back({range.low, range.high});
        }
        addresses.push_back({{"address", each.address.text()}, {"ranges", ranges}});
    }
    return {{"interface", interface.name},
            {"addresses", addresses},
            {"block_order", interface.block_order},
            {"deterministic",
             interface.deterministic ? json(interface.deterministic->text()) : json(nullptr)}};
}

ExternalInterface to_external(const json& from) {
    ExternalInterface interface;
    interface.name = from.at("interface");
    interface.block_order = from.at("block_order");
    if (const json& prefix = from.at("deterministic"); !prefix.is_null()) {
        interface.deterministic = IpPrefix::parse(prefix.get<std::string>()).value();
    }
    for (const json& each : from.at("addresses")) {
        ExternalAddress address{IpAddress::parse(each.at("address").get<std::string>()).value(),
                                {}};
        for (const json& range : each.at("ranges")) {
            address.ranges.push_back({range.at(0), range.at(1)});
        }
        interface.addresses.push_back(std::move(address));
    }
    return interface;
}

json to_json(const Serving::ShortPath& from) {
    return {{"mode", text(from.mode)}, {"xdp", from.xdp},         {"sessions", from.sessions},
            {"bytes", from.bytes},     {"reasons", from.reasons}, {"warnings", from.warnings}};
}

Serving::ShortPath to_short_path(const json& from) {
    Config config;
    take_fast_path(from.at("mode"), config);
    return {.mode = config.fast_path,
            .xdp = from.at("xdp").get<std::set<int>>(),
            .sessions = from.at("sessions"),
            .bytes = from.at("bytes"),
            .reasons = from.at("reasons").get<std::vector<std::string>>(),
            .warnings = from.at("warnings").get<std::vector<std::string>>()};
}

std::vector<ForwardOption> to_forwards(const json& texts) {
    Config config;
    for (const json& each : texts) {
        take_forward(each.get<std::string>(), config);
    }
    return config.forwards;
}

Serving to_serving(const json& document) {
    Serving serving;
    serving.version = document.at("version");
    serving.internal = document.at("internal").get<std::vector<std::string>>();
    for (const json& each : document.at("external")) {
        serving.external.push_back(to_external(each));
    }
    serving.accepted_mark = document.at("accepted_mark");
    serving.max_sessions = document.at("max_sessions");
    serving.daemon = document.at("daemon");
    serving.table = document.at("table");
    serving.forwards = to_forwards(document.at("forwards"));
    serving.short_path = to_short_path(document.at("short_path"));
    serving.repairs = document.at("repairs").get<std::map<std::string, std::uint64_t>>();
    return serving;
}

}  // namespace

bool Serving::has_address() const {
    return std::any_of(external.begin(), external.end(),
                       [](const ExternalInterface& each) { return !each.addresses.empty(); });
}

std::set<IpAddress> Serving::addresses() const {
    std::set<IpAddress> result;
    for (const ExternalInterface& interface : external) {
        for (const ExternalAddress& each : interface.addresses) {
            result.insert(each.address);
        }
    }
    return result;
}

void Serving::write(const RunDirectory& directory) const {
    json interfaces = json::array();
    for (const ExternalInterface& each : external) {
        interfaces.push_back(to_json(each));
    }
    std::vector<std::string> texts;
    for (const ForwardOption& each : forwards) {
        texts.push_back(text(each));
    }
    const json document = {{"version", version},
                           {"internal", internal},
                           {"external", interfaces},
                           {"accepted_mark", accepted_mark},
                           {"max_sessions", max_sessions},
                           {"daemon", daemon},
                           {"table", table},
                           {"forwards", texts},
                           {"short_path", to_json(short_path)},
                           {"repairs", repairs}};
    const std::string fresh = directory.file("serving.new");
    std::ofstream file(fresh, std::ios::trunc);
    file << document.dump(1) << '\n';
    file.close();
    if (!file || std::rename(fresh.c_str(), directory.file("serving").c_str()) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot write below /run/ctgate");
    }
}

std::optional<Serving> Serving::read(const RunDirectory& directory) {
    std::ifstream file(directory.file("serving"));
    const json document = json::parse(file, nullptr, false);
    try {
        return to_serving(document);
    } catch (const json::exception&) {
        return std::nullopt;  // of another version's making, or cut off
    }
}

std::uint32_t accepted_mark_in_force() {
    const auto directory = RunDirectory::find();
    const auto serving = directory ? Serving::read(*directory) : std::nullopt;
    return serving.value_or(Serving{}).accepted_mark;
}

}  // namespace ctgate

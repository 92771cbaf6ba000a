// SPDX-License-Identifier: GPL-2.0-only
// ctgate show config
#include <fmt/core.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "control/commands.hpp"
#include "control/options_in_force.hpp"
#include "control/serving.hpp"
#include "control/show.hpp"
#include "control/view_options.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

void print_json(const std::vector<OptionInForce>& options, const std::string& version, int daemon) {
    ordered_json rows = ordered_json::array();
    for (const OptionInForce& each : options) {
        rows.push_back({{"option", each.option},
                        {"value", each.value ? ordered_json(*each.value) : ordered_json()},
                        {"source", each.source}});
    }
    const ordered_json document = {{"version", version},
                                   {"daemon", daemon != 0 ? ordered_json(daemon) : ordered_json()},
                                   {"options", rows}};
    fmt::print("{}\n", document.dump(2));
}

void print_table(const std::vector<OptionInForce>& options, int daemon) {
    constexpr const char* row = "{:<24} {:<44} {}\n";
    if (daemon == 0) {
        fmt::print("No daemon runs; the last one had:\n");
    }
    fmt::print(row, "OPTION", "VALUE", "FROM");
    for (const OptionInForce& each : options) {
        fmt::print(row, each.option, each.value.value_or("-"), each.source);
    }
}

}  // namespace

int show_config(const ViewOptions& options) {
    const auto directory = RunDirectory::find();
    const auto serving = directory ? Serving::read(*directory) : std::nullopt;
    if (!serving) {
        fmt::print(stderr, "{}", nothing_serves);
        return exit_not_serving;
    }
    const auto in_force = read_options_in_force(*directory);
    if (!in_force) {
        throw std::runtime_error(
            "The daemon has not written down its options: it is only just starting, or of another "
            "version");
    }
    const int daemon = DaemonLock::holder(*directory);
    if (options.json) {
        print_json(*in_force, serving->version, daemon);
    } else {
        print_table(*in_force, daemon);
    }
    return exit_success;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/core.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "control/commands.hpp"
#include "control/counters.hpp"
#include "control/show.hpp"
#include "control/view_options.hpp"

namespace ctgate {
namespace {

void print_table(const char* heading, const std::vector<CounterRow>& rows) {
    fmt::print("{:<30} {:>12}  {}\n", heading, "VALUE", "MEANING");
    for (const CounterRow& row : rows) {
        const std::string value = row.value ? std::to_string(*row.value) : "-";
        fmt::print("{:<30} {:>12}  {}\n", row.name, value, row.text);
    }
}

nlohmann::ordered_json to_json(const std::vector<CounterRow>& rows) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const CounterRow& row : rows) {
        json[row.name] = row.value ? nlohmann::ordered_json(*row.value) : nullptr;
    }
    return json;
}

}  // namespace

int show_counters(const ViewOptions& options) {
    const auto directory = RunDirectory::find();
    const auto found = directory ? read_counters(*directory) : std::nullopt;
    if (!found) {
        fmt::print(stderr, "{}", nothing_serves);
        return exit_not_serving;
    }
    const Counters& all = *found;
    if (options.json) {
        const nlohmann::ordered_json document = {{"counters", to_json(all.counters)},
                                                 {"drops", to_json(all.drops)}};
        fmt::print("{}\n", document.dump(2));
    } else {
        print_table("COUNTER", all.counters);
        fmt::print("\n");
        print_table("DROP REASON", all.drops);
    }
    return exit_success;
}

}  // namespace ctgate

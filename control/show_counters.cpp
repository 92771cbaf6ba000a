// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/core.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "control/commands.hpp"
#include "control/counter_values.hpp"
#include "control/show.hpp"

namespace ctgate {
namespace {

void print_table(const char* heading, const std::vector<CounterValue>& rows) {
    fmt::print("{:<30} {:>12}  {}\n", heading, "VALUE", "MEANING");
    for (const CounterValue& row : rows) {
        const std::string value = row.value ? std::to_string(*row.value) : "-";
        fmt::print("{:<30} {:>12}  {}\n", row.name, value, row.text);
    }
}

nlohmann::ordered_json to_json(const std::vector<CounterValue>& rows) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const CounterValue& row : rows) {
        json[row.name] = row.value ? nlohmann::ordered_json(*row.value) : nullptr;
    }
    return json;
}

}  // namespace

int show_counters(bool json) {
    const std::optional<CounterValues> values = read_counters();
    if (!values) {
        fmt::print(stderr, "{}", nothing_serves);
        return exit_not_serving;
    }
    const CounterValues& all = *values;
    if (json) {
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

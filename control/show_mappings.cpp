// SPDX-License-Identifier: GPL-2.0-only
// ctgate show mappings
#include <fmt/core.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "control/commands.hpp"
#include "control/conntrack_names.hpp"
#include "control/mapping_list.hpp"
#include "control/show.hpp"
#include "control/view_options.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

constexpr const char* row = "{:<8} {:<21} {:<21} {:>7} {:>8} {:>8}\n";

ordered_json to_json(const Endpoint& endpoint) {
    return {{"address", endpoint.address.text()}, {"port", endpoint.port}};
}

}  // namespace

void MappingList::begin() {
    if (json_) {
        fmt::print("[");
        return;
    }
    fmt::print(row, "PROTOCOL", "INTERNAL", "EXTERNAL", "EXPIRES", "AGE", "SESSIONS");
}

void MappingList::add(const Mapping& mapping, std::uint32_t sessions) {
    const std::string protocol = conntrack::protocol_name(mapping.protocol);
    if (!json_) {
        fmt::print(row, protocol, mapping.internal.text(), mapping.external.text(),
                   mapping.expires_in, mapping.age, sessions);
        return;
    }
    const ordered_json document = {{"protocol", protocol},
                                   {"internal", to_json(mapping.internal)},
                                   {"external", to_json(mapping.external)},
                                   {"expires_in", mapping.expires_in},
                                   {"age", mapping.age},
                                   {"sessions", sessions}};
    fmt::print("{}{}", empty_ ? "\n" : ",\n", document.dump());
    empty_ = false;
}

void MappingList::end() {
    if (json_) {
        fmt::print("{}]", empty_ ? "" : "\n");
    }
}

int show_mappings(const ViewOptions& options) {
    const auto directory = RunDirectory::find();
    if (!directory) {
        fmt::print(stderr, "{}", nothing_serves);
        return exit_not_serving;
    }
    const PinnedForwards pinned(*directory);
    const PortMaps maps = pinned.port_maps();
    const SessionsByPort sessions(maps);
    MappingList list(options.json);
    list.begin();
    mappings::for_each(maps, [&](const Mapping& mapping) {
        if (options.filter.matches(mapping.protocol, mapping.internal, mapping.external)) {
            list.add(mapping, sessions.of(mapping.protocol, mapping.external));
        }
    });
    list.end();
    if (options.json) {
        fmt::print("\n");
    }
    return exit_success;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/status_json.hpp"

#include "control/conntrack_names.hpp"
#include "control/option_values.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

ordered_json interfaces_json(const GatewayState& state) {
    ordered_json result = ordered_json::array();
    for (const InterfaceState& each : state.interfaces) {
        result.push_back({{"name", each.name},
                          {"side", each.side},
                          {"present", each.present},
                          {"attached", each.attached ? ordered_json(attach_name(*each.attached))
                                                     : ordered_json()},
                          {"xdp", each.xdp}});
    }
    return result;
}

ordered_json external_json(const GatewayState& state) {
    ordered_json result = ordered_json::array();
    for (const ExternalInterface& interface : state.serving.external) {
        ordered_json addresses = ordered_json::array();
        for (const ExternalAddress& each : interface.addresses) {
            ordered_json ranges = ordered_json::array();
            for (const ctgate_port_range& range : each.ranges) {
                ranges.push_back({{"low", range.low}, {"high", range.high}});
            }
            addresses.push_back({{"address", each.address.text()}, {"port_ranges", ranges}});
        }
        result.push_back({{"interface", interface.name}, {"addresses", addresses}});
    }
    return result;
}

ordered_json repairs_json(const Serving& serving) {
    ordered_json result;
    for (const char* name : repair_names) {
        const auto found = serving.repairs.find(name);
        result[name] = found == serving.repairs.end() ? 0 : found->second;
    }
    return result;
}

ordered_json to_json(const Occupancy& occupancy) {
    ordered_json ports = ordered_json::array();
    for (const PortUse& each : occupancy.ports) {
        ports.push_back({{"address", each.address.text()},
                         {"protocol", conntrack::protocol_name(each.protocol)},
                         {"used", each.used},
                         {"available", each.available}});
    }
    return {{"ports", ports},
            {"hosts", occupancy.hosts},
            {"refused_recently", occupancy.refused_recently},
            {"cache", {{"records", occupancy.records}, {"limit", occupancy.records_limit}}}};
}

}  // namespace

Verdict judge(const std::optional<GatewayState>& state) {
    if (!state) {
        return {"absent", "Nothing of ctgate serves this network namespace", exit_not_serving};
    }
    if (!state->faults.empty()) {
        return {"broken", "Broken", exit_failure};
    }
    if (state->waiting()) {
        return {"waiting", "Waiting for an address on an external interface", exit_not_serving};
    }
    if (state->starting) {
        return {"starting", "Serving as an earlier run left it; a daemon is taking over",
                exit_no_daemon};
    }
    if (state->daemon == 0) {
        return {"unattended", "Serving, unattended: there is no daemon; 'ctgate run' takes over",
                exit_no_daemon};
    }
    return {"serving", "Serving", exit_success};
}

ordered_json status_json(const std::optional<GatewayState>& state) {
    ordered_json result = {{"state", judge(state).state}};
    if (!state) {
        return result;
    }
    const std::uint64_t configured = state->serving.max_sessions;
    result["daemon"] = state->daemon != 0 ? ordered_json(state->daemon) : ordered_json();
    result["version"] = state->serving.version;
    result["interfaces"] = interfaces_json(*state);
    result["external"] = external_json(*state);
    result["sessions"] = {
        {"count", state->sessions},
        {"limit", state->session_limit},
        {"configured", configured != 0 ? ordered_json(configured) : ordered_json()}};
    const Serving::ShortPath& path = state->serving.short_path;
    result["short_path"] = {{"mode", text(path.mode)},
                            {"sessions", path.sessions},
                            {"memory_bytes", path.bytes},
                            {"reasons", path.reasons}};
    result["overload_when_full"] = state->overload_when_full;
    result["repairs"] = repairs_json(state->serving);
    result["since"] = state->since;
    result["occupancy"] = state->occupancy ? to_json(*state->occupancy) : ordered_json();
    result["faults"] = state->faults;
    result["warnings"] = state->warnings;
    return result;
}

}  // namespace ctgate

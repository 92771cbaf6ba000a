// SPDX-License-Identifier: GPL-2.0-only
// The two forms of an answer of `ctgate explain`.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/explain.hpp"
#include "control/option_parts.hpp"
#include "control/selftest_packet.hpp"

namespace ctgate::explain {
namespace {

using nlohmann::ordered_json;

std::vector<std::string> flag_names(std::uint8_t flags) {
    std::vector<std::string> names;
    for (const auto& [flag, name] :
         {std::pair{selftest::FIN, "fin"}, std::pair{selftest::SYN, "syn"},
          std::pair{selftest::RST, "rst"}, std::pair{selftest::ACK, "ack"}}) {
        if ((flags & flag) != 0) {
            names.emplace_back(name);
        }
    }
    return names;
}

const char* side_name(Side side) {
    return side == Side::internal ? "internal" : "external";
}

std::string headline(const Answer& answer) {
    const Verdict& verdict = answer.verdict;
    if (verdict.action == "dropped") {
        return fmt::format("Dropped ({}): {}", verdict.counter, verdict.text);
    }
    if (verdict.action == "refused") {
        return fmt::format("Refused ({}), and its sender told by ICMP: {}", verdict.counter,
                           verdict.text);
    }
    const bool changed = answer.source && answer.destination;
    const std::string becomes =
        changed ? fmt::format("Becomes {} -> {}{}, ", answer.source->text(),
                              answer.destination->text(), answer.exact ? "" : " (or another port)")
                : "";
    if (verdict.action == "short_path") {
        return fmt::format("{}past the stack ({})", becomes, verdict.counter);
    }
    return fmt::format("{}{} the stack ({})", becomes, changed ? "by" : "Left to", verdict.counter);
}

ordered_json to_json(const Endpoint& endpoint) {
    return {{"address", endpoint.address.text()}, {"port", endpoint.port}};
}

}  // namespace

void print_text(const Answer& answer) {
    const RehearsedPacket& packet = answer.packet;
    const std::string flags =
        packet.protocol == IPPROTO_TCP
            ? fmt::format(" ({})", fmt::join(flag_names(packet.tcp_flags), ","))
            : "";
    fmt::print("{} {} -> {}{}\n", protocol_word(packet.protocol), packet.source.text(),
               packet.destination.text(), flags);
    for (const Step& step : answer.steps) {
        fmt::print("  {:<14} {}\n", step.stage, step.text);
    }
    fmt::print("{}\n", headline(answer));
    if (!answer.verdict.remedy.empty()) {
        fmt::print("Remedy: {}\n", answer.verdict.remedy);
    }
}

void print_json(const Answer& answer) {
    const RehearsedPacket& packet = answer.packet;
    ordered_json steps = ordered_json::array();
    for (const Step& step : answer.steps) {
        steps.push_back({{"stage", step.stage}, {"result", step.result}, {"text", step.text}});
    }
    ordered_json translated;
    if (answer.source && answer.destination) {
        translated = {{"source", to_json(*answer.source)},
                      {"destination", to_json(*answer.destination)},
                      {"exact", answer.exact}};
    }
    const Verdict& verdict = answer.verdict;
    const ordered_json json = {
        {"packet",
         {{"protocol", protocol_word(packet.protocol)},
          {"source", to_json(packet.source)},
          {"destination", to_json(packet.destination)},
          {"flags", flag_names(packet.tcp_flags)},
          {"interface", packet.arrival.name},
          {"side", side_name(packet.side)}}},
        {"steps", steps},
        {"translated", translated},
        {"counters", answer.counters},
        {"verdict",
         {{"action", verdict.action},
          {"counter", verdict.counter},
          {"text", verdict.text},
          {"remedy",
           verdict.remedy.empty() ? ordered_json(nullptr) : ordered_json(verdict.remedy)}}}};
    fmt::print("{}\n", json.dump(2));
}

}  // namespace ctgate::explain

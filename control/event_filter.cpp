// SPDX-License-Identifier: GPL-2.0-only
#include "control/event_filter.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ctgate {
namespace {

using nlohmann::json;

constexpr const char* ends[] = {"internal",  "external", "remote",
                                "addressed", "source",   "destination"};

std::string end_text(const json& event, const char* name) {
    const auto end = event.find(name);
    if (end == event.end()) {
        return "-";
    }
    std::string result = end->at("address");
    if (end->contains("port")) {
        result += fmt::format(":{}", end->at("port").get<int>());
    } else if (end->contains("id")) {
        result += fmt::format("#{}", end->at("id").get<int>());
    }
    return result;
}

std::string what(const json& event, EventKind kind) {
    switch (kind) {
        case EventKind::MAPPING_CREATED:
        case EventKind::MAPPING_ENDED:
        case EventKind::SESSION_CREATED:
        case EventKind::SESSION_ENDED:
            return fmt::format("{} {} {}", end_text(event, "internal"), end_text(event, "external"),
                               end_text(event, "remote"));
        case EventKind::BLOCK_TAKEN:
        case EventKind::BLOCK_RELEASED:
            return fmt::format(
                "{} {}:{}-{} -", end_text(event, "internal"), end_text(event, "external"),
                event.at("ports").at("first").get<int>(), event.at("ports").at("last").get<int>());
        case EventKind::REFUSED:
            return fmt::format("{} - {}", end_text(event, "source"),
                               end_text(event, "destination"));
        default:
            return event.value("message", "");
    }
}

}  // namespace

EventFilter::Verdict EventFilter::judge(const std::string& line) const {
    const json event = json::parse(line);
    const auto kind = kind_of(event.at("event").get<std::string>());
    if (kind == EventKind::LISTENING || kind == EventKind::LOST) {
        return Verdict::show_aside;
    }
    // One that a newer daemon tells of is shown to those who want everything.
    if (!kinds.empty() && (!kind || !kinds.contains(*kind))) {
        return Verdict::skip;
    }
    const auto is_there = [&](const char* name) {
        const auto end = event.find(name);
        return end != event.end() && end->at("address") == host->text();
    };
    return !host || std::any_of(std::begin(ends), std::end(ends), is_there) ? Verdict::show
                                                                            : Verdict::skip;
}

std::string event_text(const std::string& line) {
    const json event = json::parse(line);
    const std::string name = event.at("event");
    const auto kind = kind_of(name);
    std::string text = fmt::format("{} {}", event.at("time").get<std::string>(), name);
    if (event.contains("protocol")) {
        text += " " + event.at("protocol").get<std::string>();
    }
    const std::string details = kind ? what(event, *kind) : "";
    if (kind == EventKind::LOST) {
        text += " " + count_text(event.at("count").get<std::uint64_t>());
    }
    if (!details.empty() && kind != EventKind::LOST) {
        text += " " + details;
    }
    if (event.contains("reason")) {
        text += " " + event.at("reason").get<std::string>();
    }
    if (kind == EventKind::LOST) {
        text += ": " + details;
    }
    if (event.contains("left_out")) {
        text += fmt::format(" (and {} more)", event.at("left_out").get<std::uint64_t>());
    }
    return text;
}

}  // namespace ctgate

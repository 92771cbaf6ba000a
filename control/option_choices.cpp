// SPDX-License-Identifier: GPL-2.0-only
// The options that take one of a few words.
#include "control/option_choices.hpp"

namespace ctgate {

template <>
struct Choices<ClampMss> {
    static constexpr std::pair<std::string_view, ClampMss> list[] = {
        {"auto", ClampMss::automatic}, {"on", ClampMss::on}, {"off", ClampMss::off}};
};

template <>
struct Choices<AttachMode> {
    static constexpr std::pair<std::string_view, AttachMode> list[] = {
        {"auto", AttachMode::automatic}, {"tcx", AttachMode::tcx}, {"clsact", AttachMode::clsact}};
};

template <>
struct Choices<FastPath> {
    static constexpr std::pair<std::string_view, FastPath> list[] = {{"auto", FastPath::automatic},
                                                                     {"xdp", FastPath::xdp},
                                                                     {"tc", FastPath::tc},
                                                                     {"off", FastPath::off}};
};

template <>
struct Choices<LogLevel> {
    static constexpr std::pair<std::string_view, LogLevel> list[] = {{"debug", LogLevel::debug},
                                                                     {"info", LogLevel::info},
                                                                     {"warning", LogLevel::warning},
                                                                     {"error", LogLevel::error}};
};

Complaint take_clamp_mss(const std::string& value, Config& config) {
    return take_choice(value, config.clamp_mss);
}

Complaint take_attach(const std::string& value, Config& config) {
    return take_choice(value, config.attach);
}

Complaint take_fast_path(const std::string& value, Config& config) {
    return take_choice(value, config.fast_path);
}

Complaint take_log_level(const std::string& value, Config& config) {
    return take_choice(value, config.log_level);
}

Complaint take_inbound_refresh(const std::string& value, Config& config) {
    return take_choice(value, config.inbound_refresh);
}

Complaint take_overload_when_full(const std::string& value, Config& config) {
    return take_choice(value, config.overload_when_full);
}

Complaint take_refusal_icmp(const std::string& value, Config& config) {
    return take_choice(value, config.refuse_icmp);
}

Complaint take_dangerous_timeouts(const std::string& value, Config& config) {
    return take_choice(value, config.dangerous_timeouts);
}

std::string_view text(ClampMss value) {
    return choice_text(value);
}

std::string_view text(AttachMode value) {
    return choice_text(value);
}

std::string_view text(FastPath value) {
    return choice_text(value);
}

std::string_view text(LogLevel value) {
    return choice_text(value);
}

std::string_view yes_or_no(bool value) {
    return choice_text(value);
}

}  // namespace ctgate

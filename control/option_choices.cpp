// SPDX-License-Identifier: GPL-2.0-only
// The options that take one of a few words.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "control/option_values.hpp"

namespace ctgate {
namespace {

// The words of one option of choice, in the order in which messages list them.
template <typename Enum>
struct Choices;

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
struct Choices<LogLevel> {
    static constexpr std::pair<std::string_view, LogLevel> list[] = {{"debug", LogLevel::debug},
                                                                     {"info", LogLevel::info},
                                                                     {"warning", LogLevel::warning},
                                                                     {"error", LogLevel::error}};
};

template <typename Enum>
Complaint take_choice(const std::string& value, Enum& target) {
    std::string words;
    for (const auto& [word, choice] : Choices<Enum>::list) {
        if (word == value) {
            target = choice;
            return std::nullopt;
        }
        words += fmt::format("{}{}", words.empty() ? "" : ", ", word);
    }
    return fmt::format("is none of {}", words);
}

template <typename Enum>
std::string_view choice_text(Enum value) {
    const auto& list = Choices<Enum>::list;
    return std::find_if(std::begin(list), std::end(list),
                        [&](const auto& choice) { return choice.second == value; })
        ->first;
}

}  // namespace

Complaint take_clamp_mss(const std::string& value, Config& config) {
    return take_choice(value, config.clamp_mss);
}

Complaint take_attach(const std::string& value, Config& config) {
    return take_choice(value, config.attach);
}

Complaint take_log_level(const std::string& value, Config& config) {
    return take_choice(value, config.log_level);
}

std::string_view text(ClampMss value) {
    return choice_text(value);
}

std::string_view text(AttachMode value) {
    return choice_text(value);
}

std::string_view text(LogLevel value) {
    return choice_text(value);
}

}  // namespace ctgate

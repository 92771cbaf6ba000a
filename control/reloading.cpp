// SPDX-License-Identifier: GPL-2.0-only
#include "control/reloading.hpp"

#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "control/config_changes.hpp"
#include "control/log.hpp"
#include "control/option_parts.hpp"
#include "control/options.hpp"
#include "control/run_time_forwards.hpp"
#include "control/session_view.hpp"

namespace ctgate {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

// Going back has failed.
constexpr auto until_next_try = 5s;

std::string name_of(const Session& session) {
    const SessionView seen = view(session);
    return fmt::format("{} {} to {}{}", protocol_word(session.protocol), seen.internal.text(),
                       seen.remote.text(),
                       seen.external ? fmt::format(" as {}", seen.external->text()) : "");
}

// The time is for Type=notify-reload (systemd 253).
void notify_reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto microseconds = std::int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000;
    ::sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", microseconds).c_str());
}

// Calls `work`, and says what it found wrong.
template <typename Work>
std::vector<std::string> problems_of(const Work& work) {
    try {
        work();
        return {};
    } catch (const ConfigError& error) {
        return error.problems();
    } catch (const std::exception& error) {
        return {error.what()};
    }
}

// What becomes of port forwards made at run time; the configuration may have taken one up.
void list_forgotten(const std::vector<ForwardOption>& run_time, const Config& config,
                    std::vector<std::string>& changes) {
    for (const ForwardOption& each : run_time) {
        const bool stays = std::any_of(
            config.forwards.begin(), config.forwards.end(),
            [&](const ForwardOption& configured) { return text(configured) == text(each); });
        if (!stays) {
            changes.push_back(fmt::format("forward '{}', made at run time: ended", text(each)));
        }
    }
}

void log_problems(const std::vector<std::string>& problems) {
    for (const std::string& problem : problems) {
        spdlog::error("{}", problem);
    }
}

}  // namespace

ParsedOptions Reloading::read() const {
    ParsedOptions options = parse_options(arguments_);
    if (options.config.netns != gateway_.config().netns) {
        throw ConfigError({"--netns cannot change while ctgate runs; start another one"});
    }
    return options;
}

std::vector<ForwardOption> Reloading::run_time_forwards() const {
    return RunTimeForwards(gateway_.directory()).all();
}

void Reloading::change_over(ParsedOptions options, const std::vector<ForwardOption>& forwards) {
    steps_.prepare(options.config);
    try {
        gateway_.reload(options.config, forwards);
    } catch (...) {
        steps_.abandon();
        throw;
    }
    options_ = std::move(options);
    set_log_level(options_.config.log_level);
    // The gateway has changed over: what fails now is no reason to say otherwise.
    log_problems(problems_of([&] { steps_.follow(options_); }));
}

Reloading::Outcome Reloading::preview() {
    Outcome outcome;
    outcome.problems = problems_of([&] {
        const Config config = read().config;
        gateway_.check(config);
        outcome.changes = changes_between(gateway_.config(), config);
        list_forgotten(run_time_forwards(), config, outcome.changes);
        for (const Session& each : gateway_.sessions_cut_by(config)) {
            outcome.cut.push_back(name_of(each));
        }
    });
    outcome.ok = outcome.problems.empty();
    return outcome;
}

void Reloading::wait_for_confirmation(Unconfirmed unconfirmed) {
    write_unconfirmed(gateway_.directory(), unconfirmed);
    unconfirmed_ = std::move(unconfirmed);
}

std::optional<std::chrono::seconds> Reloading::left() const {
    return unconfirmed_ ? std::optional(until(unconfirmed_->deadline)) : std::nullopt;
}

void Reloading::settle() {
    unconfirmed_.reset();
    forget_unconfirmed(gateway_.directory());
}

// What is to come back is written down before anything changes, and stays the first of several.
// Only `confirm` settles it: others may send SIGHUP, as log rotation does.
Reloading::Outcome Reloading::try_reload(std::chrono::seconds to_confirm) {
    notify_reloading();
    Outcome outcome;
    const std::optional<Unconfirmed> before = unconfirmed_;
    outcome.problems = problems_of([&] {
        ParsedOptions options = read();
        outcome.changes = changes_between(options_.config, options.config);
        const std::vector<ForwardOption> run_time = run_time_forwards();
        list_forgotten(run_time, options.config, outcome.changes);
        if (to_confirm.count() != 0) {
            Unconfirmed unconfirmed = before.value_or(Unconfirmed{options_, run_time, {}});
            unconfirmed.deadline = Clock::now() + to_confirm;
            wait_for_confirmation(std::move(unconfirmed));
        }
        change_over(std::move(options), {});
    });
    outcome.ok = outcome.problems.empty();
    if (!outcome.ok) {
        take_back(before);
        if (gateway_.is_between()) {
            outcome.problems.emplace_back(
                "The old configuration is not back whole yet; that is tried each second");
        }
    } else if (to_confirm.count() != 0) {
        unconfirmed_->deadline = Clock::now() + to_confirm;
        log_problems(problems_of([&] { wait_for_confirmation(*unconfirmed_); }));
    }
    outcome.to_confirm = left();
    log_problems(outcome.problems);
    if (!outcome.ok) {
        spdlog::error("Reload refused; the old configuration stays");
    } else if (outcome.to_confirm) {
        spdlog::warn("Reloaded, for {} s unless 'ctgate confirm' comes",
                     outcome.to_confirm->count());
    } else {
        spdlog::info("Reloaded");
    }
    steps_.tell(outcome.problems);
    ::sd_notify(0, "READY=1");
    return outcome;
}

void Reloading::take_back(const std::optional<Unconfirmed>& before) {
    log_problems(problems_of([&] { before ? wait_for_confirmation(*before) : settle(); }));
}

void Reloading::reload() {
    try_reload(std::chrono::seconds(0));
}

bool Reloading::confirm() {
    if (!unconfirmed_) {
        return false;
    }
    settle();
    spdlog::info("The configuration is confirmed");
    return true;
}

void Reloading::resume() {
    const auto problems =
        problems_of([&] { unconfirmed_ = read_unconfirmed(gateway_.directory()); });
    if (unconfirmed_) {
        spdlog::warn(
            "The configuration is not confirmed: the earlier one comes back in {} s unless "
            "'ctgate confirm' comes",
            left()->count());
    }
    for (const std::string& problem : problems) {
        spdlog::error("The configuration was not confirmed, but cannot go back: {}", problem);
    }
    if (!problems.empty()) {
        settle();
    }
}

void Reloading::go_back_if_unconfirmed() {
    if (unconfirmed_ && !time_to_confirm(gateway_.directory())) {  // somebody has removed it
        log_problems(problems_of([&] { write_unconfirmed(gateway_.directory(), *unconfirmed_); }));
    }
    if (!unconfirmed_ || Clock::now() < unconfirmed_->deadline) {
        return;
    }
    const auto problems = problems_of([&] {
        change_over(unconfirmed_->before, unconfirmed_->forwards);
        settle();
    });
    if (problems.empty()) {
        spdlog::warn("Nobody has confirmed the configuration; the earlier one is in force again");
    } else {
        unconfirmed_->deadline = Clock::now() + until_next_try;
    }
    for (const std::string& problem : problems) {
        spdlog::error("Cannot go back to the earlier configuration: {}; trying again", problem);
    }
    steps_.tell(problems);
}

std::string Reloading::answer(const std::string& request) {
    const json asked = json::parse(request, nullptr, false);
    if (!asked.is_object()) {
        return json{{"ok", false}, {"problems", {"The request is no JSON object"}}}.dump();
    }
    const std::string command = asked.value("command", "");
    Outcome outcome;
    if (command == "confirm") {
        outcome.ok = confirm();
        if (!outcome.ok) {
            outcome.problems.emplace_back("There is nothing to confirm");
        }
    } else if (command == "preview") {
        outcome = preview();
        outcome.to_confirm = left();
    } else if (command == "reload") {
        outcome = try_reload(std::chrono::seconds(asked.value("confirm", 0)));
    } else {
        outcome.ok = false;
        outcome.problems.push_back(
            fmt::format("This daemon does not know the request '{}'", command));
    }
    return json{
        {"ok", outcome.ok},
        {"problems", outcome.problems},
        {"changes", outcome.changes},
        {"cut", outcome.cut},
        {"seconds_to_confirm", outcome.to_confirm ? json(outcome.to_confirm->count()) : json()}}
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace ctgate

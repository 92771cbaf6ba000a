// SPDX-License-Identifier: GPL-2.0-only
// How the daemon comes to another configuration, by SIGHUP or when `ctgate reload` asks, and back
// when nobody confirms it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "control/gateway.hpp"
#include "control/options.hpp"
#include "control/unconfirmed.hpp"

namespace ctgate {

// What else of the daemon follows the configuration.
struct ReloadSteps {
    // Before the gateway changes over; throws when it could not follow.
    std::function<void(const Config&)> prepare;
    // The gateway did not change over: back to its configuration.
    std::function<void()> abandon;
    std::function<void(const ParsedOptions&)> follow;
    // What came of it; no problem: it was done.
    std::function<void(const std::vector<std::string>& problems)> tell;
};

class Reloading {
  public:
    // `arguments`: of `ctgate run`, with the name of the file that is read again; `options`: what
    // they say now.
    Reloading(std::vector<std::string> arguments, ParsedOptions options, Gateway& gateway,
              ReloadSteps steps)
        : arguments_(std::move(arguments)),
          options_(std::move(options)),
          gateway_(gateway),
          steps_(std::move(steps)) {}

    // SIGHUP: what comes of it, is in the log.
    void reload();
    // A request of `ctgate reload` or `ctgate confirm`, and the answer (reload.cpp), both JSON.
    std::string answer(const std::string& request);

    // What an earlier daemon has left to be confirmed; to be called once the gateway serves.
    void resume();
    // To be called each second.
    void go_back_if_unconfirmed();

  private:
    struct Outcome {
        bool ok = true;
        std::vector<std::string> problems;  // why it was refused
        std::vector<std::string> changes;
        std::vector<std::string> cut;                    // sessions, as `show sessions` names them
        std::optional<std::chrono::seconds> to_confirm;  // left; none: it is settled
    };
    Outcome preview();
    Outcome try_reload(std::chrono::seconds to_confirm);
    bool confirm();
    void wait_for_confirmation(Unconfirmed unconfirmed);
    std::optional<std::chrono::seconds> left() const;  // to confirm
    void settle();
    void take_back(const std::optional<Unconfirmed>& before);
    ParsedOptions read() const;
    std::vector<ForwardOption> run_time_forwards() const;
    // `forwards`: made at run time, for Gateway::reload().
    void change_over(ParsedOptions options, const std::vector<ForwardOption>& forwards);

    std::vector<std::string> arguments_;
    ParsedOptions options_;  // in force
    Gateway& gateway_;
    ReloadSteps steps_;
    std::optional<Unconfirmed> unconfirmed_;  // none: the configuration is settled
};

}  // namespace ctgate

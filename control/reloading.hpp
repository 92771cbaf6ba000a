// SPDX-License-Identifier: GPL-2.0-only
// How the daemon comes to another configuration, by SIGHUP or when `ctgate reload` asks, and back
// when nobody confirms it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "control/config.hpp"
#include "control/gateway.hpp"

namespace ctgate {

class Reloading {
  public:
    // `arguments`: of `ctgate run`, with the name of the file that is read again.
    Reloading(std::vector<std::string> arguments, Gateway& gateway)
        : arguments_(std::move(arguments)), gateway_(gateway) {}

    // SIGHUP: what comes of it, is in the log.
    void reload();
    // A request of `ctgate reload` or `ctgate confirm`, and the answer (reload.cpp), both JSON.
    std::string answer(const std::string& request);

    // When the configuration goes back unless it is confirmed; nullopt: it is settled.
    using Clock = std::chrono::steady_clock;
    std::optional<Clock::time_point> deadline() const { return deadline_; }
    // To be called at the deadline, or any time.
    void go_back_if_unconfirmed();

  private:
    struct Outcome {
        bool ok = true;
        std::vector<std::string> problems;  // why it was refused
        std::vector<std::string> changes;
        std::vector<std::string> cut;  // sessions, as `show sessions` names them
    };
    Outcome preview();
    Outcome try_reload(std::chrono::seconds to_confirm);
    bool confirm();
    Config read() const;

    std::vector<std::string> arguments_;
    Gateway& gateway_;
    std::optional<Config> confirmed_;  // the one to go back to
    std::optional<Clock::time_point> deadline_;
};

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Reads the events of this network namespace for `ctgate events`: from the daemon; while there is
// none, from the dataplane itself, where only one can read at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/event_source.hpp"
#include "control/process.hpp"

namespace ctgate {

class EventReader {
  public:
    // Gets one line of JSON, without its end; false: that was enough.
    using Sink = std::function<bool(const std::string& line)>;

    explicit EventReader(RunDirectory directory) : directory_(std::move(directory)) {}

    // Until the sink has enough, a signal comes, or (false) the gateway has been taken down.
    bool run(const Interrupts& signals, const Sink& sink);

  private:
    enum class End { enough, daemon_came, daemon_went, refused, gateway_went };

    End read_daemon(const FileDescriptor& daemon, const Interrupts& signals, const Sink& sink);
    End read_dataplane(const Interrupts& signals, const Sink& sink);
    bool is_there() const;

    RunDirectory directory_;
};

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// The NAT log: whose an external endpoint was, and when, but not whom it talked to (RFC 6888
// REQ-12). A line for each mapping that begins or ends, where internal hosts have port blocks for
// each block instead; and for each session that shares its external endpoint with others.
#pragma once

#include <string>

#include "control/config.hpp"
#include "control/event.hpp"
#include "control/fd.hpp"

namespace ctgate {

// "2026-01-31T12:00:00.123456Z mapping_created udp 10.0.0.2:5000 203.0.113.1:5000"; empty: the
// event does not belong there. `blocks`: internal hosts have port blocks.
std::string nat_log_line(const Event& event, bool blocks);

// Ends of sessions are logged too: some may share a port.
bool nat_log_has_sessions(const Config& config);

class NatLog {
  public:
    // Opens the file that `config` names, or takes stderr. Throws when it cannot.
    explicit NatLog(const Config& config);

    // Throws likewise.
    static void check(const Config& config);

    void write(const Event& event);
    // Once for several events. Trouble is reported in the daemon's log, once; lines that could not
    // be written are counted, and the next that can be stands behind how many are lost.
    void flush();

    const std::string& name() const { return name_; }

  private:
    std::string name_;
    bool blocks_;
    std::string prefix_;   // of each line
    FileDescriptor file_;  // empty: stderr
    std::string lines_;
    std::uint64_t lost_ = 0;  // lines, since the last that was written
    bool torn_ = false;       // the last one has no end
};

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// What is served by HTTP about the gateway of one network namespace. It looks at it as another
// process would, so that it never waits for the daemon, nor the daemon for it. All of it may be
// called by any thread in that namespace.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "control/cached.hpp"
#include "control/fd.hpp"
#include "control/history.hpp"
#include "control/reading.hpp"

namespace ctgate {

class Observer {
  public:
    Observer();

    // The daemon tells what only it knows.
    void note_reload(bool done);

    // One more sample for the history. False: nothing serves yet.
    bool sample();

    std::string metrics();
    std::string status_json();  // as of `ctgate status --json`, and more
    // Empty: the gateway serves. Else why not.
    std::string complaint();

  private:
    std::mutex mutex_;  // of what follows
    DaemonCounts daemon_;
    History history_;

    Cached<Overview> overview_;
    Cached<Census> census_;
};

}  // namespace ctgate

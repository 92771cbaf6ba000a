// SPDX-License-Identifier: GPL-2.0-only
// Where the daemon of a network namespace can be asked for something: a socket beside its files,
// for root only. A request and its answer are one message each.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "control/fd.hpp"
#include "control/run_directory.hpp"

namespace ctgate {

class ControlSocket {
  public:
    // Takes the place of an earlier daemon's. Throws std::system_error.
    explicit ControlSocket(const RunDirectory& directory);

    int fd() const { return listening_.get(); }  // readable when somebody asks
    // Lets `answer` answer whoever asks. One who is slow to ask is not waited for long.
    void serve(const std::function<std::string(const std::string&)>& answer) const;

  private:
    FileDescriptor listening_;
};

// nullopt: no daemon listens here, or it ended without an answer. Waits as long as it takes.
std::optional<std::string> ask_daemon(const RunDirectory& directory, const std::string& request);

}  // namespace ctgate

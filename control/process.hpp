// SPDX-License-Identifier: GPL-2.0-only
// Other programs as children: start, wait with a limit, read what they printed, end.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "control/fd.hpp"

namespace ctgate {

using Words = std::vector<std::string>;

// Thrown by a wait that SIGINT, SIGTERM or SIGHUP cut short.
class Interrupted : public std::runtime_error {
  public:
    Interrupted() : std::runtime_error("interrupted") {}
};

// While this object lives, SIGINT, SIGTERM and SIGHUP do not end the process but the waits that
// are given it, so that what was built can be taken down in order.
class Interrupts {
  public:
    Interrupts();
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    int fd() const { return fd_.get(); }               // readable when a signal has come
    void sleep(std::chrono::milliseconds time) const;  // or throws Interrupted

  private:
    sigset_t before_{};
    FileDescriptor fd_;
};

// Path of the program of that name in PATH or the sbin directories (which the PATH of ordinary
// users lacks); a name with a slash is its own path.
std::optional<std::string> find_program(const std::string& name);

// This program.
std::string own_path();

// A file in memory to take a child's output.
FileDescriptor memory_file();
// What has been written to such a file so far.
std::string contents_of(const FileDescriptor& file);

// A child in a session of its own: the terminal's signals do not reach it, ours reach its
// children too. It starts in the network namespace of the calling thread.
class Process {
  public:
    // stdin is /dev/null, stdout and stderr go to `output`. Throws when the program is missing.
    Process(const Words& words, const FileDescriptor& output);
    ~Process();  // ends the child unless it was released
    Process(Process&&) noexcept = default;
    Process& operator=(Process&&) = delete;

    pid_t pid() const { return pid_; }
    // Exit status as a shell has it (128 + signal); nullopt when the time is over.
    std::optional<int> wait(std::chrono::milliseconds limit, const Interrupts* interrupts);
    void stop();     // SIGTERM, then SIGKILL
    void release();  // it outlives this object

  private:
    pid_t pid_ = -1;
    FileDescriptor pidfd_;  // empty: nothing to end any more
    std::optional<int> status_;
};

struct Outcome {
    int status = 0;      // as Process::wait; -1 when it was ended because its time was over
    std::string output;  // stdout and stderr as they came
};

// Runs to the end, at most `limit`.
Outcome run_program(const Words& words, std::chrono::milliseconds limit,
                    const Interrupts* interrupts = nullptr);

}  // namespace ctgate

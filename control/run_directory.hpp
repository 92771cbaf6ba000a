// SPDX-License-Identifier: GPL-2.0-only
// What of ctgate outlives its daemon: below /run/ctgate, one directory per network namespace.
//
//   /run/ctgate/NETNS/        lock (held by the daemon, its pid inside), journal, serving,
//                             forwards, options, flushed
//   /run/ctgate/bpf/NETNS/    pinned maps and links; /run/ctgate/bpf is a bpffs of its own
//
// NETNS is the cookie of the namespace. All of it lives in the mount namespace of process 1, where
// it survives `ip netns exec`, whose mount namespace ends with the command and takes along what
// was mounted there.
#pragma once

#include <optional>
#include <string>

#include "control/fd.hpp"

namespace ctgate {

class RunDirectory {
  public:
    // Of the network namespace the thread is in; makes what is missing.
    static RunDirectory create();
    // Makes nothing. nullopt: nothing of ctgate is in this network namespace. When only one of both
    // directories is there, nothing is found in the other.
    static std::optional<RunDirectory> find();

    RunDirectory(RunDirectory&&) noexcept = default;
    RunDirectory& operator=(RunDirectory&&) = delete;
    ~RunDirectory();

    // Paths for this process only (they lead through its descriptors).
    std::string file(const std::string& name) const;  // in /run/ctgate/NETNS
    std::string pin(const std::string& name) const;   // in /run/ctgate/bpf/NETNS
    std::string pins() const;

    // False: somebody has removed one of both, which this process still holds.
    bool is_whole() const;
    // Makes what is missing; the paths above lead there from then on.
    void restore();

    // A directory that create() had to make goes with this object, unless it is kept.
    void keep() { fresh_ = false; }

    // Takes pins and files away, and /run/ctgate with its bpffs when nobody uses it any more.
    void remove();
    // The same for all network namespaces in which no daemon runs. False: there was nothing.
    static bool remove_all();

  private:
    RunDirectory(FileDescriptor files, FileDescriptor pins, bool fresh);

    FileDescriptor files_, pins_;
    bool fresh_;
};

// The daemon's claim to its network namespace; goes with the process.
class DaemonLock {
  public:
    // Throws when another daemon holds it; the sentence names its pid.
    explicit DaemonLock(const RunDirectory& directory);

    // Takes the lock again if its file was removed; throws as above.
    void renew(const RunDirectory& directory);

    // pid of the daemon that serves here; 0 when there is none.
    static int holder(const RunDirectory& directory);

  private:
    FileDescriptor file_;
};

}  // namespace ctgate

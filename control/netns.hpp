// SPDX-License-Identifier: GPL-2.0-only
// Network namespaces: the current one, and those named below /run/netns as iproute2 keeps them.
#pragma once

#include <cstdint>
#include <string>

#include "control/fd.hpp"

namespace ctgate::netns {

// The kernel's SO_NETNS_COOKIE of the current namespace: unique until reboot, never reused
// (the inode number of a namespace is reused).
std::uint64_t current_cookie();

FileDescriptor open_current();
// Throws when no namespace of that name exists; the sentence names it and the remedy.
FileDescriptor open_named(const std::string& name);
bool exists(const std::string& name);

// Like `ip netns add`: bind-mounts a new namespace at /run/netns/NAME, loopback up; the calling
// thread stays where it is. /run/netns is made a shared mount as iproute2 does, so that
// `ip netns` sees the namespace.
void create(const std::string& name);
// A new namespace without a name, loopback up: it ends with the last descriptor, socket and process
// that holds it. The calling thread stays where it is.
FileDescriptor create_unnamed();
// Like `ip netns del`. Not an error when it is gone already.
void remove(const std::string& name);

// The calling thread moves for good.
void enter(const FileDescriptor& ns);

// The calling thread is in `ns` for the lifetime of this object and returns afterwards.
class Scope {
  public:
    explicit Scope(const FileDescriptor& ns);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

  private:
    FileDescriptor home_;
};

}  // namespace ctgate::netns

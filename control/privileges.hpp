// SPDX-License-Identifier: GPL-2.0-only
// What the daemon may do: much at its start, little while it serves.
#pragma once

namespace ctgate::privileges {

// For good, and for whatever this process executes: all capabilities go but those that serving
// needs (CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON). CAP_SYS_ADMIN stays permitted, but not in force, for
// SystemAdmin. A capability belongs to a thread: call this before there are others.
void drop();

// CAP_SYS_ADMIN is in force for the lifetime of this object, where it is permitted. The kernel asks
// for it to get at maps, programs and the types of modules by their ids, and to enter namespaces;
// so whatever changes the dataplane may need it.
class SystemAdmin {
  public:
    SystemAdmin();
    ~SystemAdmin();
    SystemAdmin(const SystemAdmin&) = delete;
    SystemAdmin& operator=(const SystemAdmin&) = delete;

  private:
    bool raised_ = false;
};

}  // namespace ctgate::privileges

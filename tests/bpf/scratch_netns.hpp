// SPDX-License-Identifier: GPL-2.0-only
// A network namespace for one test.
#pragma once

#include <sched.h>

#include <cerrno>
#include <system_error>

#include "control/fd.hpp"
#include "control/netlink.hpp"
#include "control/netns.hpp"

namespace ctgate {

// A fresh unnamed namespace, loopback up, in which the calling thread is for the lifetime of this
// object. It ends with the last socket or process in it.
class ScratchNetns {
  public:
    ScratchNetns() : home_(netns::open_current()), here_(make()) { Netlink().set_up("lo", true); }
    ~ScratchNetns() { netns::enter(home_); }
    ScratchNetns(const ScratchNetns&) = delete;
    ScratchNetns& operator=(const ScratchNetns&) = delete;

    // For move_link and the like.
    const FileDescriptor& handle() const { return here_; }

  private:
    static FileDescriptor make() {
        if (::unshare(CLONE_NEWNET) != 0) {
            throw std::system_error(errno, std::generic_category(),
                                    "Cannot create a network namespace");
        }
        return netns::open_current();
    }

    FileDescriptor home_;
    FileDescriptor here_;
};

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// What libnl has no call for: an interface's Ethernet address, GRO, and programs on its hooks. All
// of the network namespace that the thread is in.
#pragma once

#include <bpf/libbpf.h>

#include <array>
#include <cstdint>
#include <string>

#include "control/fd.hpp"

namespace ctgate::bench {

using Mac = std::array<std::uint8_t, 6>;

int ifindex_of(const std::string& interface);
Mac mac_of(const std::string& interface);

// On a veth it also means NAPI, without which it takes no frames from XDP.
void enable_gro(const std::string& interface);

// What the interface sends has its checksums, which XDP cannot leave to whoever comes next.
void complete_checksums(const std::string& interface);

// A new veth has one queue each way, whose NAPI runs on one core at a time.
void set_queues(const std::string& interface, unsigned number);

// A program at TC ingress or in native XDP; it goes with this object.
class Attachment {
  public:
    Attachment(const std::string& interface, const bpf_program* program);
    ~Attachment();
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

  private:
    void attach_clsact(const std::string& interface, int program);

    FileDescriptor link_;   // TCX or XDP
    FileDescriptor netns_;  // without TCX: where the filter is
    bpf_tc_hook hook_{};
};

}  // namespace ctgate::bench

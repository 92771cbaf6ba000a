// SPDX-License-Identifier: GPL-2.0-only
// A host's link as it is: every IPv4 packet that comes in, and any packet out.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "control/fd.hpp"
#include "control/process.hpp"
#include "control/selftest_network.hpp"
#include "control/selftest_packet.hpp"

namespace ctgate::selftest {

// How long a packet may take that should come, and how long a check waits for one that should not.
inline constexpr std::chrono::milliseconds patience{1000};
inline constexpr std::chrono::milliseconds silence{200};

// False when the time is over. Throws Interrupted.
bool wait_until_readable(const FileDescriptor& fd, std::chrono::milliseconds limit,
                         const Interrupts& interrupts);

class Wire {
  public:
    using Predicate = std::function<bool(const Packet&)>;

    Wire(const Host& host, const Interrupts& interrupts);

    void send(const Bytes& packet);  // to the gateway, whatever its addresses

    // What comes after this moment is from(index).
    std::size_t now();
    // The first such packet that has come since, or comes in time.
    std::optional<Packet> find(std::size_t since, const Predicate& wanted,
                               std::chrono::milliseconds limit = patience);
    // All of them so far.
    std::vector<Packet> all(std::size_t since, const Predicate& wanted);

  private:
    void drain();

    const Interrupts& interrupts_;
    FileDescriptor socket_;
    int interface_ = 0;
    Mac gateway_;
    std::vector<Packet> packets_;
};

}  // namespace ctgate::selftest

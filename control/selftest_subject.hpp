// SPDX-License-Identifier: GPL-2.0-only
// The NAT under test, in the gateway of the selftest's network.
#pragma once

#include <optional>

#include "control/process.hpp"
#include "control/selftest_network.hpp"

namespace ctgate::selftest {

enum class Against { ctgate, masquerade };

class Subject {
  public:
    // `options` of `ctgate run`, besides its interfaces. Returns when it serves. Throws what
    // `ctgate run` said when it does not.
    Subject(const Network& network, Against against, const Words& options,
            const Interrupts& interrupts);
    ~Subject();  // as take_down(), but only tells about failure
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    // ctgate goes and comes anew with other options.
    void restart(const Words& options);
    // Takes it out of the gateway; nothing to do when it is out. The masquerade rule ends with its
    // namespace.
    void take_down();

  private:
    void start(const Words& options);
    void wait_until_it_serves();

    const Network& network_;
    const Interrupts& interrupts_;
    FileDescriptor log_;
    std::optional<Process> daemon_;
};

}  // namespace ctgate::selftest

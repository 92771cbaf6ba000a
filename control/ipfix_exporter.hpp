// SPDX-License-Identifier: GPL-2.0-only
// Sends NAT events to an IPFIX collector by UDP, and waits for nothing.
#pragma once

#include <chrono>

#include "control/config.hpp"
#include "control/event.hpp"
#include "control/fd.hpp"
#include "control/ipfix.hpp"

namespace ctgate {

class IpfixExporter {
  public:
    explicit IpfixExporter(const Endpoint& collector);

    bool sends_to(const Endpoint& collector) const { return collector.text() == collector_; }
    // Limits of hosts, which are told when one is reached.
    void set_limits(const Config& config);

    void write(const Event& event);
    // Once for several events, and each second.
    void flush();

  private:
    void resend_templates();
    void send();

    std::string collector_;
    FileDescriptor socket_;
    IpfixMessage message_;
    std::chrono::steady_clock::time_point templates_due_;
    std::chrono::steady_clock::time_point next_warning_;
};

}  // namespace ctgate

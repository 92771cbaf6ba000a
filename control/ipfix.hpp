// SPDX-License-Identifier: GPL-2.0-only
// NAT events as IPFIX messages (RFC 7011) with the information elements of RFC 8158.
#pragma once

#include <cstdint>
#include <string>

#include "control/event.hpp"

namespace ctgate {

// Collects records until they are a message.
class IpfixMessage {
  public:
    // `domain`: the observation domain, one for each gateway of a machine.
    explicit IpfixMessage(std::uint32_t domain) : domain_(domain) {}

    // Of one host, told when it reaches them.
    void set_limits(std::uint32_t max_sessions, std::uint32_t max_ports);
    // Adds the templates; the first message has to begin with them.
    void add_templates();
    // False: there is no room in this message; finish() it first. What RFC 8158 has no record for
    // is left out.
    bool add(const Event& event);
    bool empty() const { return sets_.empty(); }

    // The message, to be sent at that time (seconds since 1970); then a new one begins.
    std::string finish(std::uint32_t now);

  private:
    void begin_set(std::uint16_t id);
    void end_set();

    std::uint32_t domain_;
    std::uint32_t max_sessions_ = 0;
    std::uint32_t max_ports_ = 0;
    std::uint32_t sequence_ = 0;  // data records in the messages before this one
    std::uint32_t records_ = 0;   // in this one
    std::string sets_;
    std::size_t set_begin_ = 0;  // of the one that is open
    std::uint16_t set_id_ = 0;   // 0: none is
};

}  // namespace ctgate

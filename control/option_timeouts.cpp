// SPDX-License-Identifier: GPL-2.0-only
// After how long an idle session is forgotten, and what the RFCs say is too early.
#include <fmt/format.h>

#include "control/number.hpp"
#include "control/option_draft.hpp"

namespace ctgate {
namespace {

constexpr unsigned longest = 432000;  // 5 days, the kernel's own for established TCP

struct Floor {
    const char* option;
    unsigned Timeouts::*timeout;
    unsigned seconds;
    const char* source;
};

constexpr Floor floors[] = {
    {"udp-timeout", &Timeouts::udp, 120, "RFC 4787 REQ-5"},
    {"tcp-established-timeout", &Timeouts::tcp_established, 7440, "RFC 5382 REQ-5"},
    {"tcp-transitory-timeout", &Timeouts::tcp_transitory, 240, "RFC 5382 REQ-5"},
    {"icmp-timeout", &Timeouts::icmp, 60, "RFC 5508 REQ-2"},
};

Complaint take_seconds(const std::string& value, unsigned& timeout) {
    const auto seconds = parse_number<unsigned>(value);
    if (!seconds || *seconds == 0 || *seconds > longest) {
        return fmt::format("is no number of seconds from 1 to {}, such as {}", longest, timeout);
    }
    timeout = *seconds;
    return std::nullopt;
}

}  // namespace

void OptionDraft::check_timeouts() {
    const bool allowed = config_.dangerous_timeouts ||
                         (given_.contains("dangerous-timeouts") && !taken("dangerous-timeouts"));
    for (const Floor& floor : floors) {
        const unsigned seconds = config_.timeouts.*floor.timeout;
        if (!allowed && seconds < floor.seconds) {
            problem(
                fmt::format("{} '{}' is below the {} seconds of {}; give at least these, or "
                            "--dangerous-timeouts yes",
                            label(floor.option), seconds, floor.seconds, floor.source));
        }
    }
}

Complaint take_udp_timeout(const std::string& value, Config& config) {
    return take_seconds(value, config.timeouts.udp);
}

Complaint take_tcp_established_timeout(const std::string& value, Config& config) {
    return take_seconds(value, config.timeouts.tcp_established);
}

Complaint take_tcp_transitory_timeout(const std::string& value, Config& config) {
    return take_seconds(value, config.timeouts.tcp_transitory);
}

Complaint take_icmp_timeout(const std::string& value, Config& config) {
    return take_seconds(value, config.timeouts.icmp);
}

std::string text(const Timeouts& timeouts) {
    return fmt::format("UDP {} s, TCP {} s (opening and closing: {} s), ICMP {} s", timeouts.udp,
                       timeouts.tcp_established, timeouts.tcp_transitory, timeouts.icmp);
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// What became of sessions that were left alone; seen once, for all checks that ask.
#pragma once

#include <chrono>

namespace ctgate::selftest {

// Seconds, of every timer, where it can be set.
inline constexpr int scaled_timer = 3;

struct IdleObservations {
    struct Kind {
        bool alive = false;     // when it should be
        bool lives_on = false;  // when it should have ended
    };
    bool full = false;  // the RFCs' own times, else `scaled_timer`
    std::chrono::milliseconds alive_after{};
    std::chrono::milliseconds over_after{};
    Kind udp, icmp, tcp_opening, tcp_established;
    bool udp_refreshed = false;
};

}  // namespace ctgate::selftest

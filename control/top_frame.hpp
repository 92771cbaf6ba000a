// SPDX-License-Identifier: GPL-2.0-only
// What `ctgate top` shows at one moment, and its text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "control/ip.hpp"

namespace ctgate {

struct Rate {
    double packets = 0;  // a second
    double bytes = 0;
};

struct TopHost {
    IpAddress address;
    std::uint64_t sessions = 0;  // on the short path
    std::uint32_t ports = 0;     // external ones, of TCP and UDP
    std::uint64_t refused = 0;
    std::uint64_t bytes = 0;
    Rate rate;
};

struct TopSession {
    std::uint8_t protocol = 0;
    Endpoint internal, remote;
    std::uint64_t bytes = 0;
    Rate rate;
};

struct TopDrop {
    std::string name;
    std::uint64_t packets = 0;
    double rate = 0;
};

enum class TopOrder { rate, bytes, sessions };
const char* order_name(TopOrder order);
TopOrder next(TopOrder order);

struct TopFrame {
    double seconds = 0;  // that the rates are of
    std::uint64_t sessions = 0, session_limit = 0;
    Rate from_inside, from_outside;  // what arrives on the interfaces of that side
    double short_path = 0;           // packets a second
    bool has_short_path = false;
    std::vector<TopHost> hosts;  // unsorted
    std::vector<TopSession> top_sessions;
    std::vector<TopDrop> drops;  // that have been counted at all, most recent rates first

    void sort(TopOrder order);
};

// As lines; `rows` at most, of which the tables share what the head leaves.
std::vector<std::string> to_lines(const TopFrame& frame, TopOrder order, std::size_t rows);

// "12.3 Mbit/s"
std::string bits_text(double bytes_per_second);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// How the demo prints what it does, and how it reads what programs printed. No state, no system.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/lab.hpp"

namespace ctgate::lab {

// The words as a shell would take them.
std::string shell_text(const Words& words);
std::vector<std::string> lines_of(const std::string& text);
void print_indented(const std::string& text);
void print_drawing();
void print_how_to_play(bool web_server_runs);

std::string internal_address(const Host& client);

// `json`: `ctgate show sessions --json`; `list`: `conntrack -L`. True when there are sessions of
// that protocol and internal address, each accepted, translated to 203.0.113.1, and in the list
// with the same endpoints.
bool sessions_agree(const std::string& json, const std::string& list, const std::string& protocol,
                    const std::string& address);

// One counter of `ctgate show counters --json`; 0 when it is not there.
std::uint64_t counter(const std::string& json, const char* name);

struct CaptureSummary {
    unsigned packets = 0;
    unsigned foreign = 0;  // packets with another source address than the expected one
    std::vector<std::string> first_of_kind;  // lines of the first TCP, UDP and ICMP packets
};
// `captured`: the output of tcpdump -n -t.
CaptureSummary summarize_capture(const std::string& captured, const std::string& source);

}  // namespace ctgate::lab

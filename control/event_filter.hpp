// SPDX-License-Identifier: GPL-2.0-only
// Which lines of events a reader of `ctgate events` wants, and how they look to people.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/event.hpp"

namespace ctgate {

struct EventFilter {
    std::set<EventKind> kinds;      // empty: all
    std::optional<IpAddress> host;  // at any end

    enum class Verdict { skip, show, show_aside };
    // `line`: of json_line(). Aside: it is about the reading itself, and is shown in any case.
    Verdict judge(const std::string& line) const;
};

// For people, without the end of the line.
std::string event_text(const std::string& line);

}  // namespace ctgate

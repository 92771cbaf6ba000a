// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/core.h>

#include "control/commands.hpp"
#include "control/serving.hpp"
#include "control/session_list.hpp"
#include "control/show.hpp"
#include "control/view_options.hpp"

namespace ctgate {

// Each is printed as soon as the kernel has told of it: memory does not grow with their number.
int show_sessions(const ViewOptions& options) {
    const TrafficCounts counts;
    SessionList list(options.json, accepted_mark_in_force());
    list.begin();
    conntrack::for_each(
        [&](const Session& session) {
            const SessionView seen = view(session);
            if (options.filter.matches(session, seen)) {
                list.add(session, seen, counts.of(session, seen.nat));
            }
        },
        options.filter.selection());
    list.end();
    if (options.json) {
        fmt::print("\n");
    }
    return exit_success;
}

}  // namespace ctgate

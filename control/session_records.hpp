// SPDX-License-Identifier: GPL-2.0-only
// The records of the dataplane's session cache, all of them, read many at a time.
#pragma once

#include <functional>

#include "ctgate/session_cache.h"

namespace ctgate {

// `map`: the session cache. Calls `visit` for each record; one that comes or goes meanwhile may be
// visited or not. Throws when the map cannot be read.
void for_each_record(
    int map, const std::function<void(const ctgate_cache_key&, const ctgate_cache_record&)>& visit);

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// The last minutes, in samples; as many as memory is set aside for.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>

#include "control/reading.hpp"

namespace ctgate {

class History {
  public:
    static constexpr std::chrono::seconds interval{5};
    static constexpr std::size_t most = 180;  // a quarter of an hour

    // False: it tells nothing.
    bool add(const Overview& overview, std::chrono::system_clock::time_point when);

    // An object of arrays, oldest first, each as long as `time` (seconds since 1970): sessions;
    // received_bytes and sent_bytes, of all external interfaces together; packets that came in on
    // any interface of ours, and short_path_packets of them; drops, an object with an array for
    // each reason that has any. All but sessions are totals, of which the reader takes differences.
    nlohmann::ordered_json json() const;

  private:
    struct Sample {
        std::int64_t time = 0;
        std::uint64_t sessions = 0;
        std::uint64_t received_bytes = 0;
        std::uint64_t sent_bytes = 0;
        std::uint64_t packets = 0;
        std::uint64_t short_path_packets = 0;
        std::vector<std::uint64_t> drops;  // in the order of the list of reasons
    };
    std::deque<Sample> samples_;
};

}  // namespace ctgate

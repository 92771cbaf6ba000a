// SPDX-License-Identifier: GPL-2.0-only
// Looks at a gateway again and again, for `ctgate top`: totals now, less those of the last look.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>

#include "control/counters.hpp"
#include "control/fd.hpp"
#include "control/run_directory.hpp"
#include "control/serving.hpp"
#include "control/session_traffic.hpp"
#include "control/top_frame.hpp"
#include "ctgate/session_cache.h"

struct nl_sock;

namespace ctgate {

// Both directions of a session of the short path are one of these: its internal endpoint as source,
// its remote one as destination, and the protocol alone in `arrival`.
using SessionKey = ctgate_cache_key;
SessionKey session_key(const ctgate_cache_key& key, const ctgate_cache_record& record);

class TopSampler {
  public:
    explicit TopSampler(RunDirectory directory);
    ~TopSampler();
    TopSampler(const TopSampler&) = delete;
    TopSampler& operator=(const TopSampler&) = delete;

    // Rates are of the time since the last call. nullopt: nothing serves any more.
    std::optional<TopFrame> sample();

  private:
    struct Hash {
        std::size_t operator()(const SessionKey& key) const;
    };
    struct Equal {
        bool operator()(const SessionKey& one, const SessionKey& other) const;
    };
    using Sessions = std::unordered_map<SessionKey, Traffic, Hash, Equal>;

    void add_sessions(TopFrame& frame, std::map<IpAddress, TopHost>& hosts);
    void add_hosts(std::map<IpAddress, TopHost>& hosts) const;
    void add_counters(TopFrame& frame, const Counters& counters);
    Rate arrived(const std::string& interface);
    double per_second(double amount) const { return seconds_ > 0 ? amount / seconds_ : 0; }

    RunDirectory directory_;
    FileDescriptor hosts_;
    std::unique_ptr<nl_sock, void (*)(nl_sock*)> netlink_;
    std::optional<std::chrono::steady_clock::time_point> last_;
    double seconds_ = 0;
    Sessions sessions_;                             // as last seen
    std::map<std::string, Traffic> arrived_;        // by interface
    std::map<std::string, std::uint64_t> counted_;  // by counter
};

}  // namespace ctgate

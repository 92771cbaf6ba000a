// SPDX-License-Identifier: GPL-2.0-only
// What the operator asked for, checked for form: the result of command line and file together.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "control/ip.hpp"
#include "ctgate/defaults.h"

namespace ctgate {

enum class ClampMss { automatic, on, off };
enum class AttachMode { automatic, tcx, clsact };
enum class LogLevel { debug, info, warning, error };

// --external-address [IF=]ADDR
struct ExternalAddressOption {
    std::string interface;  // empty: the external interface that carries it, else the only one
    IpAddress address;
};

// --port-range [ADDR=]LOW-HIGH, host byte order, inclusive
struct PortRangeOption {
    std::optional<IpAddress> address;  // none: every external address without ranges of its own
    std::uint16_t low = 0;
    std::uint16_t high = 0;
};

// --address IF=CIDR
struct AddressOption {
    std::string interface;
    IpPrefix prefix;
};

// --route CIDR,via=ADDR,dev=IF; at least one of via and dev
struct RouteOption {
    IpPrefix destination;
    std::optional<IpAddress> via;
    std::string interface;  // empty: the kernel finds it from via
};

struct Config {
    std::string netns;  // empty: the current network namespace
    std::vector<std::string> move;
    std::vector<std::string> internal;
    std::vector<std::string> external;
    std::vector<ExternalAddressOption> external_addresses;
    std::vector<PortRangeOption> port_ranges;
    std::vector<AddressOption> addresses;
    std::vector<RouteOption> routes;
    ClampMss clamp_mss = ClampMss::automatic;
    std::uint64_t max_sessions = 0;                      // 0: leave the kernel's limit alone
    std::uint32_t accepted_mark = CTGATE_ACCEPTED_MARK;  // exactly one bit
    AttachMode attach = AttachMode::automatic;
    LogLevel log_level = LogLevel::info;
};

// Every problem found in options or file, one sentence each, with file and line where known.
class ConfigError : public std::runtime_error {
  public:
    explicit ConfigError(std::vector<std::string> problems);
    const std::vector<std::string>& problems() const { return problems_; }

  private:
    std::vector<std::string> problems_;
};

}  // namespace ctgate

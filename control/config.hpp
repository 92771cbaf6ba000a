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
enum class FastPath { automatic, xdp, tc, off };
enum class LogLevel { debug, info, warning, error };
enum class MappingBehaviour { endpoint_independent, address_and_port_dependent };
enum class FilteringBehaviour {
    endpoint_independent,
    address_dependent,
    address_and_port_dependent
};

// As asked for; what is in force for a host: behaviour_of().
struct NatBehaviour {
    MappingBehaviour mapping = MappingBehaviour::endpoint_independent;
    FilteringBehaviour filtering = FilteringBehaviour::address_dependent;
    bool operator==(const NatBehaviour& other) const = default;
};

// --host CIDR[,protocol=tcp|udp][,mapping=...][,filtering=...]: what differs for these internal
// hosts; what is not given is as without it.
struct HostOption {
    IpPrefix prefix;                       // no host bits
    std::optional<std::uint8_t> protocol;  // IPPROTO_TCP or IPPROTO_UDP; none: both
    std::optional<MappingBehaviour> mapping;
    std::optional<FilteringBehaviour> filtering;
};

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

// --port-set-id, --port-set-length, --port-set-offset together: the port set of RFC 7597. The
// lengths are in bits, and at most 16 together.
struct PortSet {
    unsigned id = 0;
    unsigned length = 0;  // of the identifier
    unsigned offset = CTGATE_PORT_SET_OFFSET;
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

// --deterministic[=PREFIX]
struct DeterministicOption {
    std::optional<IpPrefix> prefix;  // no host bits; none: the network of the internal interface
};

// --forward PROTO:[EXTERNAL:]PORT[-PORT]:INTERNAL:PORT[-PORT][,from=CIDR]...[,not-from=CIDR]...
struct ForwardOption {
    bool tcp = false;
    bool udp = false;
    std::optional<IpAddress> external;  // none: every external address
    std::uint16_t low = 0;              // low..high go to internal_low.., host byte order
    std::uint16_t high = 0;
    IpAddress internal;
    std::uint16_t internal_low = 0;
    std::vector<IpPrefix> from;      // remote addresses that are let in; empty: all
    std::vector<IpPrefix> not_from;  // but not these
    std::uint32_t number = 0;        // of one made at run time, its own; 0: configured
};

// --one-to-one EXTERNAL=INTERNAL
struct OneToOneOption {
    IpAddress external;
    IpAddress internal;
};

// --listen-http ADDRESS:PORT
struct ListenOption {
    std::string address;  // numeric, IPv4 or (without brackets) IPv6, as inet_ntop() writes it
    std::uint16_t port = 0;
    bool operator==(const ListenOption& other) const = default;
};

// Seconds after which an idle session is forgotten.
struct Timeouts {
    unsigned udp = CTGATE_UDP_TIMEOUT;
    unsigned tcp_established = CTGATE_TCP_ESTABLISHED_TIMEOUT;
    unsigned tcp_transitory = CTGATE_TCP_TRANSITORY_TIMEOUT;
    unsigned icmp = CTGATE_ICMP_TIMEOUT;
};

struct Config {
    std::string netns;  // empty: the current network namespace
    std::vector<std::string> move;
    std::vector<std::string> internal;
    std::vector<std::string> external;
    std::vector<ExternalAddressOption> external_addresses;
    std::vector<PortRangeOption> port_ranges;  // those of the port set too
    std::optional<unsigned> port_set_id;       // these three as given: port_set_of()
    std::optional<unsigned> port_set_length;
    std::optional<unsigned> port_set_offset;
    std::vector<AddressOption> addresses;
    std::vector<RouteOption> routes;
    NatBehaviour behaviour;
    std::vector<HostOption> hosts;
    bool inbound_refresh = false;
    bool overload_when_full = false;
    unsigned max_ports_per_host = 0;  // of each protocol; 0: no limit
    unsigned port_block_size = 0;     // a power of two; 0: no blocks
    std::optional<DeterministicOption> deterministic;
    unsigned max_sessions_per_host = 0;  // of each protocol; 0: no limit
    unsigned max_new_per_second = 0;     // sessions of one host, of each protocol; 0: no limit
    bool refuse_icmp = true;             // tell hosts of refused sessions (ICMP 3/13)
    std::vector<ForwardOption> forwards;
    std::vector<OneToOneOption> one_to_one;
    std::optional<IpAddress> dmz;  // the internal host that gets what nobody else does
    std::vector<IpPrefix> no_nat;  // destinations that are routed untranslated
    Timeouts timeouts;
    bool dangerous_timeouts = false;  // below those of the RFCs
    ClampMss clamp_mss = ClampMss::automatic;
    std::uint64_t max_sessions = 0;                      // 0: leave the kernel's limit alone
    std::uint32_t accepted_mark = CTGATE_ACCEPTED_MARK;  // exactly one bit
    AttachMode attach = AttachMode::automatic;
    FastPath fast_path = FastPath::automatic;
    LogLevel log_level = LogLevel::info;
    std::string nat_log;            // "stderr", or the absolute path of a file; empty: none
    std::optional<Endpoint> ipfix;  // the collector
    std::optional<ListenOption> listen_http;  // none: nothing is served by HTTP
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

// SPDX-License-Identifier: GPL-2.0-only
#include "control/option_table.hpp"

#include <boost/program_options/value_semantic.hpp>

namespace ctgate {
namespace {

namespace po = boost::program_options;

constexpr unsigned columns = 80;
constexpr unsigned explanation_columns = 54;

constexpr Option interface_options[] = {
    {"internal", "IF", true, take_internal,
     "Serve the hosts behind this interface. Needed at least once."},
    {"external", "IF", true, take_external,
     "Translate what is routed out of this interface. Needed at least once; an interface is on one "
     "side only."},
    {"attach", "MODE", false, take_attach,
     "How the programs hang on an interface: tcx, clsact, or auto (default): tcx where the kernel "
     "has it, else clsact."},
    {"fast-path", "MODE", false, take_fast_path,
     "How established sessions are forwarded: off, through the kernel's stack; tc, past it; xdp, "
     "before the kernel has made a packet of them, where drivers can. auto (default): xdp if it "
     "can be had on every interface and loses nothing, else tc; 'ctgate status' says why."},
};

constexpr Option pool_options[] = {
    {"external-address", "[IF=]ADDR", true, take_external_address,
     "Translate to this address. Without IF it belongs to the external interface that carries it. "
     "Of several, an internal host always gets the same (RFC 4787 REQ-2). Default: the first "
     "address of the interface."},
    {"port-range", "[ADDR=]LOW-HIGH", true, take_port_range,
     "External ports that may be used, for one address or for all that have none of their own. "
     "Default: 1024-65535 (RFC 4787 REQ-3a)."},
    {"port-set-id", "PSID", false, take_port_set_id,
     "Instead: the ports of this port set (MAP-E, RFC 7597 section 5.1), where several gateways "
     "share an address."},
    {"port-set-length", "K", false, take_port_set_length, "Bits of the PSID, 0 to 16."},
    {"port-set-offset", "A", false, take_port_set_offset,
     "Bits of a port before the PSID, 0 to 6. Ports in which they are all zero belong to nobody, "
     "except with 0. Default: 6, so that ports 0-1023 are left out."},
};

constexpr Option behaviour_options[] = {
    {"mapping", "BEHAVIOUR", false, take_mapping,
     "endpoint-independent (default): an internal endpoint keeps its external one whatever it "
     "talks to. address-and-port-dependent: each session may get another, and fewer ports serve "
     "more sessions."},
    {"filtering", "BEHAVIOUR", false, take_filtering,
     "Who may reach an internal endpoint by its external one: every remote endpoint "
     "(endpoint-independent), those with an address it has sent to (address-dependent, the "
     "default), or those it has sent to (address-and-port-dependent, and always so with that "
     "mapping)."},
    {"host", "CIDR[,KEY=VALUE]...", true, take_host,
     "What differs for these internal hosts: mapping=BEHAVIOUR, filtering=BEHAVIOUR; with "
     "protocol=tcp or protocol=udp for that protocol only. The longest prefix wins."},
    {"inbound-refresh", "yes|no", false, take_inbound_refresh,
     "Packets from outside keep a mapping alive too. Default: no (RFC 4787 REQ-6)."},
    {"overload-when-full", "yes|no", false, take_overload_when_full,
     "When no port is free, share those of others whose sessions go elsewhere, with "
     "address-and-port-dependent behaviour, instead of refusing the session. Default: no (RFC 4787 "
     "REQ-3, REQ-11)."},
    {"max-ports-per-host", "N", false, take_max_ports_per_host,
     "External ports that one internal host may have, of each protocol; those that it shares with "
     "others do not count (RFC 6888 REQ-4). Default: 0, no limit."},
    {"port-block-size", "N", false, take_port_block_size,
     "Give external ports to internal hosts in blocks of N, a power of two from 64 to 32768: a "
     "host has ports of its own blocks only, and gets a further one when they are full (RFC 6888 "
     "REQ-14). Default: no blocks."},
    {"max-sessions-per-host", "N", false, take_max_sessions_per_host,
     "Sessions that one internal host may have, of each protocol, from inside and from outside; "
     "closed TCP sessions do not count (RFC 6888 REQ-4). Default: 0, no limit."},
    {"deterministic", "PREFIX", false, take_deterministic,
     "Give each address of this internal prefix the block that can be computed from it (RFC 7422), "
     "of --port-block-size or as large as possible, and serve no other hosts. auto: the network of "
     "the internal interface.",
     "auto"},
    {"max-new-per-second", "N", false, take_max_new_per_second,
     "Sessions that one internal host may begin in a second, of each protocol (RFC 6888 REQ-4). "
     "Default: 0, no limit."},
    {"refusal-icmp", "yes|no", false, take_refusal_icmp,
     "Tell an internal host by ICMP when its new session is refused (RFC 5508 REQ-8). Default: "
     "yes."},
};

constexpr Option static_options[] = {
    {"forward", "PROTO:[ADDR:]PORTS:HOST:PORTS[,...]", true, take_forward,
     "What comes for these ports (one, or LOW-HIGH) of this external address, or of every one, "
     "goes to this internal host and its ports. PROTO: tcp, udp or tcp+udp. from=CIDR: only from "
     "there; not-from=CIDR: not from there; each may be repeated."},
    {"one-to-one", "EXTERNAL=INTERNAL", true, take_one_to_one,
     "The external address belongs to this internal host alone, with all its ports."},
    {"dmz", "HOST", false, take_dmz,
     "The internal host that gets what comes to an external address and belongs to nobody else."},
    {"no-nat", "CIDR", true, take_no_nat,
     "Route what goes to these destinations untranslated (RFC 6888 REQ-6)."},
};

constexpr Option timeout_options[] = {
    {"udp-timeout", "SECONDS", false, take_udp_timeout,
     "When an idle UDP session is forgotten. Default: 300 (RFC 4787 REQ-5)."},
    {"tcp-established-timeout", "SECONDS", false, take_tcp_established_timeout,
     "When an idle TCP session is. Default: 7440 (RFC 5382 REQ-5)."},
    {"tcp-transitory-timeout", "SECONDS", false, take_tcp_transitory_timeout,
     "When one is that opens or closes. Default: 240 (RFC 5382 REQ-5)."},
    {"icmp-timeout", "SECONDS", false, take_icmp_timeout,
     "When an ICMP query is. Default: 60 (RFC 5508 REQ-2)."},
    {"dangerous-timeouts", "yes|no", false, take_dangerous_timeouts,
     "Allow timeouts below those of the RFCs (UDP 120, TCP 7440 and 240, ICMP 60). Default: no."},
};

constexpr Option session_options[] = {
    {"max-sessions", "N", false, take_max_sessions,
     "Size of the kernel's conntrack table (nf_conntrack_max). Default: as it is."},
    {"accepted-mark", "BIT", false, take_accepted_mark,
     "The bit of the conntrack mark that says: the host's firewall let this session through. "
     "Choose "
     "another than your own rules use. Default: 0x80000000."},
    {"clamp-mss", "MODE", false, take_clamp_mss,
     "Lower the MSS in TCP handshakes to what the route carries: on all external interfaces (on), "
     "on none (off), or on those with an MTU below 1500 (auto, the default)."},
};

constexpr Option setup_options[] = {
    {"netns", "NAME", false, take_netns,
     "Serve this network namespace; it is created if 'ip netns' has none of this name. Default: "
     "the "
     "current one."},
    {"move", "IF", true, take_move, "Move this interface into the namespace of --netns first."},
    {"address", "IF=ADDR/LENGTH", true, take_address, "Give an interface this address."},
    {"route", "CIDR[,via=ADDR][,dev=IF]", true, take_route,
     "Add this route; at least one of via and dev."},
};

constexpr Option general_options[] = {
    {"config", "FILE", false, nullptr, "Read options from this file too; see below."},
    {"listen-http", "ADDRESS:PORT", false, take_listen_http,
     "Serve metrics for Prometheus (/metrics), a status page (/) and a health check (/healthz) at "
     "this address, such as 127.0.0.1:9469 or [::1]:9469. Whoever can reach it may read them. "
     "Default: none."},
    {"log-level", "LEVEL", false, take_log_level,
     "Log debug, info (default), warning or error messages, and what is graver."},
    {"help", nullptr, false, nullptr, "Explain."},
};

constexpr Option log_options[] = {
    {"nat-log", "FILE", false, take_nat_log,
     "Log which internal endpoint had which external one, and when, but not whom it talked to (RFC "
     "6888 REQ-12): into this file, whose path is absolute and which is opened anew on SIGHUP, or "
     "to stderr. With port blocks, whose a block was."},
    {"ipfix", "ADDR:PORT", false, take_ipfix,
     "Send NAT events to this IPFIX collector, by UDP (RFC 8158)."},
};

constexpr OptionGroup groups[] = {
    {"Interfaces", interface_options},
    {"External addresses and ports", pool_options},
    {"Mappings and who may use them", behaviour_options},
    {"What is fixed for hosts and networks", static_options},
    {"Timeouts", timeout_options},
    {"Sessions", session_options},
    {"Interfaces, addresses and routes to set up (taken back by 'ctgate down')", setup_options},
    {"Logs of what is translated", log_options},
    {"General", general_options},
};

void describe(const Option& option, po::options_description& description) {
    const std::string name = option.name == std::string_view("help") ? "help,h" : option.name;
    if (option.implicit) {
        description.add_options()(
            name.c_str(),
            po::value<std::string>()->value_name(option.value)->implicit_value(option.implicit),
            option.help);
    } else if (option.value) {
        description.add_options()(name.c_str(), po::value<std::string>()->value_name(option.value),
                                  option.help);
    } else {
        description.add_options()(name.c_str(), option.help);
    }
}

}  // namespace

std::span<const OptionGroup> option_groups() {
    return groups;
}

const Option* find_option(std::string_view name) {
    for (const OptionGroup& group : groups) {
        for (const Option& option : group.options) {
            if (name == option.name) {
                return &option;
            }
        }
    }
    return nullptr;
}

po::options_description describe_options() {
    po::options_description all(columns, explanation_columns);
    for (const OptionGroup& group : groups) {
        po::options_description part(group.heading, columns, explanation_columns);
        for (const Option& option : group.options) {
            describe(option, part);
        }
        all.add(part);
    }
    return all;
}

}  // namespace ctgate

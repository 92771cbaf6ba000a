// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <string>
#include <vector>

#include "control/behaviour.hpp"
#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/config_json.hpp"
#include "control/option_values.hpp"
#include "control/options.hpp"
#include "control/port_set.hpp"
#include "control/show.hpp"

namespace ctgate {
namespace {

constexpr const char* help =
    R"(Usage: ctgate check [OPTION...] [--config FILE] [--json]

Validates options and configuration file as 'ctgate run' with the same options
would, and prints what would be served. Touches nothing, asks the kernel nothing
and needs no root; whether the interfaces exist is not looked at. All problems
are printed at once, one a line, those of the file as FILE:LINE.

  --json  an object with all options in force: config_file, netns (null: the
          current one), internal, external, external_addresses (each with
          interface or null, and address), port_ranges (address or null, low,
          high; those of a port set too), port_set (id, length, offset) or null, move, addresses (interface, prefix), routes (destination, via
          or null, interface or null), behaviour (mapping and filtering in
          force), hosts (prefix, and protocol, mapping, filtering or null),
          inbound_refresh, overload_when_full, max_ports_per_host (null: no
          limit), port_block_size (null: no blocks), deterministic (a prefix, "auto"
          or null), max_sessions_per_host (null: no limit), max_new_per_second
          (null: no limit), refusal_icmp, forwards
          (protocols, external or null, low, high, internal, internal_low,
          from, not_from), one_to_one (external, internal), dmz (or null),
          no_nat, timeouts (udp, tcp_established, tcp_transitory, icmp, in
          seconds), dangerous_timeouts, clamp_mss, max_sessions (null: left
          alone), accepted_mark (a number), attach, fast_path, listen_http, nat_log and
          ipfix (null: none), log_level; new fields may be added. Problems go to standard error,
          as text all the same.

Exit status: 0 valid; 2 problems, named on standard error.
)";

// Takes every "--json" out of `words`: `run` has no such option.
bool take_json(std::vector<std::string>& words) {
    return std::erase(words, "--json") > 0;
}

// Names of interfaces may be any bytes; JSON may not.
void print_json(const ParsedOptions& options) {
    using Handler = nlohmann::ordered_json::error_handler_t;
    fmt::print("{}\n", to_json(options).dump(2, ' ', false, Handler::replace));
}

std::string list(const std::vector<std::string>& words) {
    return fmt::format("{}", fmt::join(words, ", "));
}

std::string text(const IpPrefix& prefix) {
    return prefix.text();
}

template <typename Option>
std::string list(const std::vector<Option>& options) {
    std::vector<std::string> words;
    words.reserve(options.size());
    for (const Option& option : options) {
        words.push_back(text(option));
    }
    return list(words);
}

// Empty where there is none.
std::string limit(std::uint64_t number) {
    return number == 0 ? "" : std::to_string(number);
}

void print_line(const char* name, const std::string& value) {
    fmt::print("  {:<18} {}\n", name, value);
}

// Lines that would only say "none" are left out.
void print_if(const char* name, const std::string& value) {
    if (!value.empty()) {
        print_line(name, value);
    }
}

void print_text(const Config& config) {
    fmt::print("The configuration is valid; 'ctgate run' would serve:\n");
    print_line("network namespace", config.netns.empty() ? "the current one" : config.netns);
    print_line("internal", list(config.internal));
    print_line("external", list(config.external));
    print_line("external addresses", config.external_addresses.empty()
                                         ? "the first of each external interface"
                                         : list(config.external_addresses));
    if (const std::optional<PortSet> set = port_set_of(config)) {
        print_line("port set", text(*set));
    }
    print_line("external ports", config.port_ranges.empty()
                                     ? fmt::format("{}-{}", CTGATE_PORT_LOW, CTGATE_PORT_HIGH)
                                     : list(config.port_ranges));
    print_if("moves", list(config.move));
    print_if("adds addresses", list(config.addresses));
    print_if("adds routes", list(config.routes));
    const NatBehaviour behaviour = in_force(config.behaviour);
    print_line("behaviour", fmt::format("mapping {}, filtering {}", text(behaviour.mapping),
                                        text(behaviour.filtering)));
    print_if("for hosts", list(config.hosts));
    print_if("max ports per host", limit(config.max_ports_per_host));
    print_if("port block size", limit(config.port_block_size));
    print_if("max sessions per host", limit(config.max_sessions_per_host));
    print_if("deterministic", config.deterministic ? text(*config.deterministic) : "");
    print_if("max new per second", limit(config.max_new_per_second));
    print_line("switches",
               fmt::format("inbound-refresh {}, overload-when-full {}, refusal-icmp {}",
                           yes_or_no(config.inbound_refresh), yes_or_no(config.overload_when_full),
                           yes_or_no(config.refuse_icmp)));
    print_if("forwards", list(config.forwards));
    print_if("one-to-one", list(config.one_to_one));
    print_if("dmz", config.dmz ? config.dmz->text() : "");
    print_if("not translated", list(config.no_nat));
    print_line("timeouts", text(config.timeouts));
    print_if("max sessions", limit(config.max_sessions));
    print_line("accepted mark", fmt::format("{:#010x}", config.accepted_mark));
    print_if("NAT log", config.nat_log);
    print_if("IPFIX collector", config.ipfix ? config.ipfix->text() : "");
    print_if("HTTP at", config.listen_http ? text(*config.listen_http) : "");
    print_line("modes", fmt::format("clamp-mss {}, attach {}, fast-path {}, log-level {}",
                                    text(config.clamp_mss), text(config.attach),
                                    text(config.fast_path), text(config.log_level)));
}

}  // namespace

int check_command(Arguments arguments) {
    std::vector<std::string> words(arguments.begin(), arguments.end());
    const bool json = take_json(words);
    const ParsedOptions options = parse_options(words);
    if (options.help) {
        fmt::print("{}{}", help, options_help());
    } else if (json) {
        print_json(options);
    } else {
        print_text(options.config);
    }
    return exit_success;
}

}  // namespace ctgate

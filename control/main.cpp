// SPDX-License-Identifier: GPL-2.0-only
// The subcommand table, and the only place where exceptions end.
#include <bpf/libbpf.h>
#include <fmt/core.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "control/build_commands.hpp"
#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/show.hpp"
#include "control/standard_streams.hpp"

namespace {

struct Command {
    std::string_view name;
    std::string_view summary;
    int (*function)(ctgate::Arguments);
};

constexpr Command commands[] = {
    {"run", "serve the current network namespace, in the foreground", ctgate::run_command},
    {"status", "say what serves this namespace; exit 0 once it serves", ctgate::status_command},
    {"down", "take everything of ctgate out of this namespace", ctgate::down_command},
    {"reload", "let the daemon read its options' file again, or say what would change",
     ctgate::reload_command},
    {"confirm", "keep what 'reload --confirm' has brought", ctgate::confirm_command},
    {"check", "validate options and configuration file; touch nothing", ctgate::check_command},
    {"doctor", "look for whatever can spoil NAT on this machine", ctgate::doctor_command},
    {"show", "print sessions, mappings, hosts, forwards, counters or the configuration",
     ctgate::show_command},
    {"top", "watch throughput, hosts, sessions and drops on the terminal", ctgate::top_command},
    {"flush", "end sessions, and mappings if asked for", ctgate::flush_command},
    {"lookup", "look one tuple up in conntrack, as the dataplane does", ctgate::lookup_command},
    {"explain", "say what would happen to a packet, and why", ctgate::explain_command},
    {"whois", "name the internal host behind an external endpoint", ctgate::whois_command},
    {"forward", "add, end or list port forwards at run time", ctgate::forward_command},
    {"save", "write sessions and mappings into a file", ctgate::save_command},
    {"restore", "bring back what 'save' wrote", ctgate::restore_command},
    {"events", "print what happens, as it happens", ctgate::events_command},
    {"lab", "build a lab of network namespaces and try the gateway there", ctgate::lab_command},
    {"selftest", "try what the RFCs ask for, in a network of its own", ctgate::selftest_command},
    {"completion", "print the completion for bash or zsh", ctgate::completion_command},
    {"version", "print the version", ctgate::version_command},
    {"man-page", "", ctgate::man_page_command},  // for the build alone
};

void print_usage(std::FILE* out) {
    fmt::print(out,
               "ctgate: a stateful NAT gateway; conntrack NAT set from eBPF at TC\n\n"
               "Usage: ctgate COMMAND [OPTION...]\n\nCommands:\n");
    for (const Command& command : commands) {
        if (!command.summary.empty()) {
            fmt::print(out, "  {:<10} {}\n", command.name, command.summary);
        }
    }
    fmt::print(out, "\n'ctgate COMMAND --help' explains each.\n");
}

int dispatch(const std::vector<std::string>& words) {
    if (words.empty()) {
        print_usage(stderr);
        return ctgate::exit_usage;
    }
    if (words[0] == "help" && words.size() > 1) {
        return dispatch({words[1], "--help"});
    }
    if (words[0] == "help" || words[0] == "--help" || words[0] == "-h") {
        print_usage(stdout);
        return ctgate::exit_success;
    }
    const std::string_view name = words[0] == "--version" ? "version" : std::string_view(words[0]);
    for (const Command& command : commands) {
        if (command.name == name) {
            return command.function(std::span(words).subspan(1));
        }
    }
    fmt::print(stderr, "ctgate: unknown command '{}'; 'ctgate help' lists them\n", words[0]);
    return ctgate::exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
    ctgate::settle_standard_streams();
    // What libbpf has to say is told by those who call it, as part of their own errors.
    libbpf_set_print(nullptr);
    try {
        const int status = dispatch(std::vector<std::string>(argv + 1, argv + argc));
        ctgate::finish_output();
        return status;
    } catch (const ctgate::ConfigError& error) {
        for (const std::string& problem : error.problems()) {
            fmt::print(stderr, "ctgate: {}\n", problem);
        }
        return ctgate::exit_usage;
    } catch (const std::exception& error) {
        fmt::print(stderr, "ctgate: {}\n", error.what());
        return ctgate::exit_failure;
    }
}

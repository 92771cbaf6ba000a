// SPDX-License-Identifier: GPL-2.0-only
// ctgate lab up|down|exec|demo
#include "control/lab.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <functional>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/lab_report.hpp"
#include "control/netns.hpp"

namespace ctgate {
namespace lab {

namespace {

void print_usage() {
    fmt::print(
        "Usage: ctgate lab up                    build the lab and start the gateway\n"
        "       ctgate lab exec HOST -- CMD...   run a command there\n"
        "       ctgate lab down                  remove everything\n"
        "       ctgate lab demo [--keep]         build it, try everything, remove it (or keep it)\n"
        "\nHosts:\n");
    for (const Host& host : hosts) {
        fmt::print("  {:<9} {}\n", host.name, host.explanation);
    }
}

[[noreturn]] void usage_error(const std::string& problem) {
    throw ConfigError({problem + "; 'ctgate lab --help' explains"});
}

const Host& find_host(const std::string& name) {
    const auto* const found = std::find_if(hosts.begin(), hosts.end(),
                                           [&](const Host& host) { return host.name == name; });
    if (found == hosts.end()) {
        usage_error(fmt::format("The lab has no host '{}'", name));
    }
    return *found;
}

// Replaces this process, so that terminal, signals and exit status are the command's own.
int exec_command(Arguments arguments) {
    if (arguments.size() < 2 || (arguments[1] == "--" && arguments.size() < 3)) {
        usage_error("'ctgate lab exec' needs a host and a command");
    }
    netns::enter(open_netns(find_host(arguments[0])));
    std::vector<char*> words;
    for (const std::string& word : arguments.subspan(arguments[1] == "--" ? 2 : 1)) {
        words.push_back(const_cast<char*>(word.c_str()));
    }
    words.push_back(nullptr);
    errno = ENOENT;
    if (const auto path = find_program(words[0])) {
        ::execv(path->c_str(), words.data());
    }
    // The statuses of env(1); the shell's user expects them, so this is no exception for main.
    const int reason = errno;
    fmt::print(stderr, "ctgate: cannot run '{}': {}\n", words[0], std::strerror(reason));
    return reason == ENOENT ? 127 : 126;
}

int up_command() {
    const Lock lock;
    const Interrupts interrupts;
    up(interrupts);
    print_how_to_play(false);
    return exit_success;
}

int lab_down_command() {
    const Lock lock;
    const Interrupts interrupts;  // a Ctrl-C does not leave half of it behind
    down();
    return exit_success;
}

int demo_command(Arguments arguments) {
    const bool keep = !arguments.empty() && arguments[0] == "--keep";
    if (arguments.size() > (keep ? 1U : 0U)) {
        usage_error(fmt::format("'ctgate lab demo' does not know '{}'", arguments.back()));
    }
    const Lock lock;
    const Interrupts interrupts;
    return demo(keep, interrupts) ? exit_success : exit_failure;
}

}  // namespace

void up(const Interrupts& interrupts) {
    if (any_netns_exists()) {
        throw std::runtime_error("The lab is up already; 'ctgate lab down' removes it");
    }
    try {
        build_topology();
        start_gateway(interrupts);
    } catch (...) {
        const std::exception_ptr cause = std::current_exception();
        try {
            down();
        } catch (const std::exception&) {
            // What stopped `up` says more than what it left; `ctgate lab down` tells about that.
        }
        std::rethrow_exception(cause);
    }
}

void down() {
    // Each step is tried, whatever happened to the ones before; the first failure is told.
    std::exception_ptr first;
    // The directory itself goes with its lock.
    const auto remove_files = [] {
        for (const auto& entry : std::filesystem::directory_iterator(directory)) {
            std::filesystem::remove_all(entry);
        }
    };
    for (const std::function<void()>& step :
         {std::function<void()>(stop_gateway), std::function<void()>(end_processes),
          std::function<void()>(remove_topology), std::function<void()>(remove_files)}) {
        try {
            step();
        } catch (...) {
            first = first ? first : std::current_exception();
        }
    }
    if (first) {
        std::rethrow_exception(first);
    }
}

}  // namespace lab

int lab_command(Arguments arguments) {
    const std::string verb = arguments.empty() ? "" : arguments[0];
    if (verb == "--help" || verb == "-h" || verb == "help") {
        lab::print_usage();
        return exit_success;
    }
    if (verb == "exec") {
        return lab::exec_command(arguments.subspan(1));
    }
    if (verb == "demo") {
        return lab::demo_command(arguments.subspan(1));
    }
    if ((verb == "up" || verb == "down") && arguments.size() == 1) {
        return verb == "up" ? lab::up_command() : lab::lab_down_command();
    }
    lab::usage_error("'ctgate lab' is followed by up, down, exec or demo");
}

}  // namespace ctgate

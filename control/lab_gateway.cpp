// SPDX-License-Identifier: GPL-2.0-only
// `ctgate run` in the lab's gateway: started as a daemon, found again by its pid file, ended.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <deque>
#include <fstream>
#include <iterator>
#include <system_error>

#include "control/commands.hpp"
#include "control/lab.hpp"
#include "control/netns.hpp"
#include "control/pidfd.hpp"

namespace ctgate::lab {
namespace {

using namespace std::chrono_literals;

constexpr const char* pid_file = "/run/ctgate-lab/gateway.pid";
constexpr auto start_limit = 15s;
constexpr auto status_interval = 50ms;
constexpr auto command_limit = 10s;  // one `status` or `down`
constexpr auto stop_limit = 10s;

Words own_command(const char* command) {
    return {own_path(), command, "--netns", std::string(gateway.netns)};
}

std::string tail_of_log() {
    constexpr std::size_t lines = 20;
    std::ifstream file(gateway_log);
    std::deque<std::string> tail;
    for (std::string line; std::getline(file, line);) {
        tail.push_back(line);
        if (tail.size() > lines) {
            tail.pop_front();
        }
    }
    return fmt::format("{}", fmt::join(tail, "\n"));
}

Process start_daemon() {
    const FileDescriptor log(
        ::open(gateway_log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
    if (!log) {
        throw std::system_error(errno, std::generic_category(),
                                fmt::format("Cannot create {}", gateway_log));
    }
    Words words = own_command("run");
    words.insert(words.end(), {"--internal", internal_interface, "--external", external_interface});
    return {words, log};
}

[[noreturn]] void fail(const std::string& reason) {
    throw std::runtime_error(
        fmt::format("The gateway does not serve: {}; its log ends:\n{}", reason, tail_of_log()));
}

void wait_until_it_serves(Process& daemon, const Interrupts& interrupts) {
    const auto deadline = std::chrono::steady_clock::now() + start_limit;
    for (;;) {
        const Outcome status = run_program(own_command("status"), command_limit, &interrupts);
        if (status.status == exit_success) {
            return;
        }
        if (const auto ended = daemon.wait(status_interval, &interrupts)) {
            fail(fmt::format("'ctgate run' ended with status {}", *ended));
        }
        if (std::chrono::steady_clock::now() > deadline) {
            fail(fmt::format("'ctgate status' says {} after {} s: {}", status.status,
                             start_limit.count(), status.output));
        }
    }
}

// A reused pid must not be taken for the daemon.
bool is_our_daemon(pid_t pid) {
    std::ifstream file(fmt::format("/proc/{}/cmdline", pid), std::ios::binary);
    const std::string words((std::istreambuf_iterator<char>(file)), {});
    using namespace std::string_literals;
    return words.find("\0run\0--netns\0"s + std::string(gateway.netns) + "\0"s) !=
           std::string::npos;
}

// Ends the daemon, which may be a child of this process (demo) or of init (up, then down).
void end_daemon(pid_t pid) {
    const FileDescriptor process(::pidfd_open(pid, 0));
    if (!process || !is_our_daemon(pid)) {
        return;
    }
    for (const int signal : {SIGTERM, SIGKILL}) {
        ::pidfd_send_signal(process.get(), signal, nullptr, 0);
        pollfd event{process.get(), POLLIN, 0};
        const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(stop_limit);
        if (::poll(&event, 1, static_cast<int>(limit.count())) > 0) {
            break;
        }
    }
    ::waitpid(pid, nullptr, WNOHANG);
}

}  // namespace

void start_gateway(const Interrupts& interrupts) {
    Process daemon = start_daemon();
    std::ofstream(pid_file) << daemon.pid() << '\n';
    wait_until_it_serves(daemon, interrupts);
    daemon.release();
}

void stop_gateway() {
    if (pid_t pid = 0; std::ifstream(pid_file) >> pid && pid > 0) {
        end_daemon(pid);
    }
    if (!netns::exists(std::string(gateway.netns))) {
        return;
    }
    const Outcome outcome = run_program(own_command("down"), command_limit);
    if (outcome.status != exit_success) {
        throw std::runtime_error(fmt::format("'ctgate down' in the lab's gateway failed ({}): {}",
                                             outcome.status, outcome.output));
    }
}

}  // namespace ctgate::lab

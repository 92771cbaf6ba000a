// SPDX-License-Identifier: GPL-2.0-only
#include "control/selftest_subject.hpp"

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "control/commands.hpp"
#include "control/netns.hpp"
#include "control/nft.hpp"
#include "control/sysctl.hpp"

namespace ctgate::selftest {
namespace {

using namespace std::chrono_literals;

// Not own_path(): the file may be replaced meanwhile.
constexpr const char* self = "/proc/self/exe";

constexpr auto start_limit = 20s;
constexpr auto status_interval = 50ms;
constexpr auto command_limit = 15s;  // one `status` or `down`

// What half of all home routers do.
constexpr const char* masquerade = R"(
table ip selftest {
    chain source {
        type nat hook postrouting priority srcnat;
        oifname "outside" masquerade
    }
}
)";

}  // namespace

Subject::Subject(const Network& network, Against against, const Words& options,
                 const Interrupts& interrupts)
    : network_(network), interrupts_(interrupts) {
    if (against == Against::ctgate) {
        start(options);
        return;
    }
    const netns::Scope scope(network_.gateway());
    nft::run(masquerade, "Cannot add a masquerade rule");
    sysctl::write("net/ipv4/ip_forward", "1");
}

Subject::~Subject() {
    try {
        take_down();
    } catch (const std::exception& error) {
        fmt::print(stderr, "ctgate: {}\n", error.what());
    }
}

void Subject::restart(const Words& options) {
    take_down();
    start(options);
}

void Subject::start(const Words& options) {
    Words words{self, "run", "--internal", internal_interface, "--external", external_interface};
    words.insert(words.end(), options.begin(), options.end());
    log_ = memory_file();
    const netns::Scope scope(network_.gateway());
    daemon_.emplace(words, log_);
    try {
        wait_until_it_serves();
    } catch (...) {
        take_down();  // no object, no destructor
        throw;
    }
}

void Subject::wait_until_it_serves() {
    const auto deadline = std::chrono::steady_clock::now() + start_limit;
    while (run_program({self, "status"}, command_limit, &interrupts_).status != exit_success) {
        const auto ended = daemon_->wait(status_interval, &interrupts_);
        if (ended || std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error(
                fmt::format("'ctgate run' {}:\n{}",
                            ended ? fmt::format("ended with status {}", *ended) : "does not serve",
                            contents_of(log_)));
        }
    }
}

void Subject::take_down() {
    if (!daemon_) {
        return;
    }
    const netns::Scope scope(network_.gateway());
    const Outcome outcome = run_program({self, "down"}, command_limit);
    daemon_.reset();
    if (outcome.status != exit_success) {
        throw std::runtime_error(
            fmt::format("'ctgate down' failed ({}): {}", outcome.status, outcome.output));
    }
}

}  // namespace ctgate::selftest

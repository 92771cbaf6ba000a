// SPDX-License-Identifier: GPL-2.0-only
// `ctgate down`: the way back from everything that gateway.cpp does.
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>

#include <chrono>
#include <stdexcept>

#include "control/attachment.hpp"
#include "control/changes.hpp"
#include "control/gateway.hpp"
#include "control/nft.hpp"
#include "control/pidfd.hpp"
#include "control/sessions.hpp"

namespace ctgate {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds patience = 5s;  // between SIGTERM and SIGKILL

void end_daemon(const RunDirectory& directory) {
    const pid_t pid = DaemonLock::holder(directory);
    if (pid == 0) {
        return;
    }
    const FileDescriptor process(::pidfd_open(pid, 0));
    // The lock says that it is the daemon, now that its pid cannot be given to anybody else.
    if (!process || DaemonLock::holder(directory) != pid) {
        return;
    }
    for (const int signal : {SIGTERM, SIGKILL}) {
        ::pidfd_send_signal(process.get(), signal, nullptr, 0);
        pollfd event{process.get(), POLLIN, 0};
        if (::poll(&event, 1, static_cast<int>(patience.count())) > 0) {
            return;
        }
    }
    throw std::runtime_error(fmt::format("The daemon (process {}) does not end", pid));
}

}  // namespace

bool take_down(const FileDescriptor& origin) {
    if (!RunDirectory::find()) {
        const bool table = !nft::fingerprint().empty();
        nft::remove_table();
        return table;
    }
    // One of both directories may be missing.
    RunDirectory directory = RunDirectory::create();
    directory.keep();
    end_daemon(directory);
    const DaemonLock lock(directory);
    const auto serving = Serving::read(directory);
    const auto end_unaccepted = [&] {
        if (serving) {
            sessions::end_unaccepted(serving->accepted_mark, serving->addresses());
        }
    };
    // Before the guard goes, and again those that came meanwhile.
    end_unaccepted();
    sessions::ignore_windows();
    Journal journal(directory.file("journal"));
    journal.undo_all([&](const Change& change) { changes::undo(change, directory, origin); });
    end_unaccepted();
    if (serving) {
        sessions::forget_acceptance(serving->accepted_mark);
    }
    directory.remove();
    return true;
}

}  // namespace ctgate

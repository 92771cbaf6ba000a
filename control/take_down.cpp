// SPDX-License-Identifier: GPL-2.0-only
// `ctgate down`: the way back from everything that gateway.cpp does.
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "control/attachment.hpp"
#include "control/changes.hpp"
#include "control/conntrack.hpp"
#include "control/gateway.hpp"
#include "control/nft.hpp"
#include "control/pidfd.hpp"

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

bool is_external(const Serving& serving, IpAddress address) {
    return std::any_of(
        serving.external.begin(), serving.external.end(), [&](const ExternalInterface& each) {
            return std::any_of(each.addresses.begin(), each.addresses.end(),
                               [&](const ExternalAddress& one) { return one.address == address; });
        });
}

// Sessions that the firewall never let through must not pass for old ones at the next start; the
// others lose our bit.
void forget_sessions(const Serving& serving) {
    constexpr std::uint32_t source_nat = 1U << 4;  // IPS_SRC_NAT
    conntrack::update([&](const Session& session) -> conntrack::Change {
        if ((session.mark & serving.accepted_mark) != 0) {
            return {conntrack::Action::set_mark, session.mark & ~serving.accepted_mark};
        }
        const bool ours = (session.status & source_nat) != 0 &&
                          is_external(serving, session.reply_destination.address);
        return {ours ? conntrack::Action::erase : conntrack::Action::keep, 0};
    });
}

}  // namespace

bool take_down(const FileDescriptor& origin) {
    auto directory = RunDirectory::find();
    if (!directory) {
        const bool table = nft::table_exists();
        nft::remove_table();
        return table;
    }
    end_daemon(*directory);
    const DaemonLock lock(*directory);
    const auto serving = Serving::read(*directory);
    Journal journal(directory->file("journal"));
    journal.undo_from(0, [&](const Change& change) { changes::undo(change, *directory, origin); });
    if (serving) {
        forget_sessions(*serving);
    }
    directory->remove();
    return true;
}

}  // namespace ctgate

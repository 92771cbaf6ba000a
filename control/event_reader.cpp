// SPDX-License-Identifier: GPL-2.0-only
#include "control/event_reader.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "control/event_clients.hpp"
#include "control/show.hpp"

namespace ctgate {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Of a daemon that takes no more readers; others end, and somebody else holds their lock.
constexpr int most_refusals = 20;
constexpr auto until_next_try = 100ms;

// Which of them is readable: 0 neither in time, else bits 1 and 2. `other` may be -1.
int wait_for(const Interrupts& signals, int other, std::chrono::milliseconds limit) {
    pollfd fds[] = {{signals.fd(), POLLIN, 0}, {other, POLLIN, 0}};
    if (::poll(fds, 2, static_cast<int>(limit.count())) < 0 && errno != EINTR) {
        throw std::system_error(errno, std::generic_category(), "Cannot wait for events");
    }
    return (fds[0].revents != 0 ? 1 : 0) | (fds[1].revents != 0 ? 2 : 0);
}

// False: that was enough.
bool pass_on(std::string_view lines, const EventReader::Sink& sink) {
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        if (!sink(std::string(lines.substr(0, end)))) {
            return false;
        }
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    }
    finish_output();
    return true;
}

}  // namespace

bool EventReader::is_there() const {
    return ::access(directory_.pin("events").c_str(), F_OK) == 0;
}

bool EventReader::run(const Interrupts& signals, const Sink& sink) {
    int refusals = 0;
    for (;;) {
        const FileDescriptor daemon = connect_to_events(directory_);
        switch (daemon ? read_daemon(daemon, signals, sink) : read_dataplane(signals, sink)) {
            case End::enough:
                return true;
            case End::gateway_went:
                return false;
            case End::refused:
                if (++refusals == most_refusals) {
                    throw std::runtime_error(
                        "The daemon has as many readers of its events as it takes");
                }
                if (wait_for(signals, -1, until_next_try) != 0) {
                    return true;
                }
                continue;
            case End::daemon_came:
            case End::daemon_went:
                break;
        }
        refusals = 0;
    }
}

EventReader::End EventReader::read_daemon(const FileDescriptor& daemon, const Interrupts& signals,
                                          const Sink& sink) {
    std::vector<char> buffer(longest_event_message);
    bool heard = false;
    for (;;) {
        const int ready = wait_for(signals, daemon.get(), std::chrono::milliseconds(-1));
        if ((ready & 1) != 0) {
            return End::enough;
        }
        if ((ready & 2) == 0) {
            continue;
        }
        const ssize_t length = ::recv(daemon.get(), buffer.data(), buffer.size(), 0);
        if (length <= 0) {
            return heard ? End::daemon_went : End::refused;
        }
        heard = true;
        if (!pass_on({buffer.data(), static_cast<std::size_t>(length)}, sink)) {
            return End::enough;
        }
    }
}

// Gives way to a daemon within a second.
EventReader::End EventReader::read_dataplane(const Interrupts& signals, const Sink& sink) {
    const std::int64_t since = now_ns();
    std::unique_ptr<EventSource> source;
    bool said_wait = false;
    bool enough = false;
    const EventSource::Sink take = [&](const Event& event) {
        if (!enough && event.time >= since) {
            enough = !sink(json_line(event));
        }
    };
    auto second = Clock::now();
    for (;;) {
        if (Clock::now() >= second) {
            if (connect_to_events(directory_)) {
                return End::daemon_came;
            }
            if (!is_there()) {
                return End::gateway_went;
            }
            if (!source && (source = EventSource::open(directory_))) {
                source->watch_sessions(true);
                source->tick(take);
                take(notice(EventKind::LISTENING,
                            "no daemon runs; these are read from the dataplane itself"));
            } else if (source) {
                source->tick(take);
            } else if (!said_wait) {
                said_wait = true;
                fmt::print(stderr,
                           "ctgate: no daemon runs, and another process reads the dataplane's "
                           "events; waiting for either to change\n");
            }
            second = Clock::now() + std::chrono::seconds(1);
        }
        finish_output();
        if (enough) {
            return End::enough;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(second - Clock::now());
        const int ready = wait_for(signals, source ? source->fd() : -1,
                                   std::max(left, std::chrono::milliseconds(0)));
        if ((ready & 1) != 0) {
            return End::enough;
        }
        if ((ready & 2) != 0) {
            source->drain(take);
        }
    }
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/event_hub.hpp"

#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "control/pinned_forwards.hpp"
#include "control/privileges.hpp"

namespace ctgate {
namespace {

[[noreturn]] void fail() {
    throw std::system_error(errno, std::generic_category(), "Cannot wait for events");
}

void add(const FileDescriptor& poll, int fd) {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    if (::epoll_ctl(poll.get(), EPOLL_CTL_ADD, fd, &wanted) != 0) {
        fail();
    }
}

Event mapping_event(EventKind kind, const Mapping& mapping, std::int64_t time) {
    Event event;
    event.kind = kind;
    event.time = time;
    event.protocol = mapping.protocol;
    event.internal = SessionEnd{mapping.internal.address, mapping.internal.port, std::nullopt};
    event.external = SessionEnd{mapping.external.address, mapping.external.port, std::nullopt};
    return event;
}

Event block_event(const OwnedBlock& block, std::int64_t time) {
    Event event;
    event.kind = EventKind::BLOCK_TAKEN;
    event.time = time;
    event.protocol = block.space.protocol;
    event.internal = SessionEnd{block.host, std::nullopt, std::nullopt};
    event.external = SessionEnd{block.space.address, std::nullopt, std::nullopt};
    event.first_port = block.ports.low;
    event.last_port = block.ports.high;
    return event;
}

RunDirectory find_directory() {
    auto directory = RunDirectory::find();
    if (!directory) {
        throw std::runtime_error("The run directory of this network namespace is gone");
    }
    return std::move(*directory);
}

}  // namespace

EventHub::EventHub()
    : directory_(find_directory()),
      poll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      clients_(directory_) {
    if (!poll_ || !timer_) {
        fail();
    }
    add(poll_, timer_.get());
    add(poll_, clients_.fd());
}

void EventHub::configure(const Config& config) {
    std::optional<NatLog> log;
    if (!config.nat_log.empty()) {
        log.emplace(config);
    }
    flush();
    const std::pair blocks(config.port_block_size, config.deterministic.has_value());
    const bool other_blocks = blocks_ != blocks;
    blocks_ = blocks;
    log_begins_ =
        log && (log_begins_ || other_blocks || !nat_log_ || nat_log_->name() != log->name());
    nat_log_ = std::move(log);
    ipfix_begins_ = config.ipfix && (ipfix_begins_ || other_blocks);
    if (!config.ipfix) {
        ipfix_.reset();
    } else {
        // The sequence numbers go on as long as the collector is the same.
        if (!ipfix_ || !ipfix_->sends_to(*config.ipfix)) {
            ipfix_.emplace(*config.ipfix);
            ipfix_begins_ = true;
        }
        ipfix_->set_limits(config);
    }
    log_has_sessions_ = nat_log_ && nat_log_has_sessions(config);
    update();
}

void EventHub::wake_each_second(bool yes) {
    itimerspec times{};
    times.it_interval.tv_sec = yes ? 1 : 0;
    times.it_value = times.it_interval;
    ::timerfd_settime(timer_.get(), 0, &times, nullptr);
}

// Reads the ring if, and only if, somebody wants it. Another process may be reading it: a `ctgate
// events` that was there before us, which gives way within a second.
void EventHub::update() {
    if (clients_.empty() && !nat_log_ && !ipfix_) {
        source_.reset();
        wake_each_second(false);
        return;
    }
    const bool had_source = source_ != nullptr;
    if (!source_) {
        source_ = EventSource::open(directory_);
        wake_each_second(true);
        if (source_) {
            add(poll_, source_->fd());
        }
    }
    if (source_) {
        source_->watch_sessions(!clients_.empty() || ipfix_ || log_has_sessions_);
    }
    if (source_ && !had_source) {
        tick();
    }
    if (source_ && (log_begins_ || ipfix_begins_)) {
        begin_logs();
    }
}

// Of those that were made before, or while nobody listened, or told by records of another kind. The
// collector has each mapping, whatever the blocks are; so it needs these alone.
void EventHub::begin_logs() {
    const bool log = std::exchange(log_begins_, false);
    const bool ipfix = std::exchange(ipfix_begins_, false);
    const privileges::SystemAdmin raised;  // port tables are found by their ids
    const std::int64_t now = now_ns();
    try {
        const PinnedForwards pinned(directory_);
        port_spaces::for_each_block(pinned.port_maps(), [&](const OwnedBlock& block) {
            const Event event = block_event(block, now);
            if (log) {
                nat_log_->write(event);
            }
            if (ipfix) {
                ipfix_->write(event);
            }
        });
        if (log) {
            mappings::for_each(pinned.port_maps(), [&](const Mapping& mapping) {
                nat_log_->write(mapping_event(EventKind::MAPPING_CREATED, mapping,
                                              now - std::int64_t{mapping.age} * 1'000'000'000));
            });
        }
    } catch (const std::exception& error) {
        if (log) {
            nat_log_->write(lost_event(0, kind_name(EventKind::MAPPING_CREATED), ""));
        }
        spdlog::error("The logs do not begin with the mappings and port blocks that there are: {}",
                      error.what());
    }
}

void EventHub::take(const Event& event) {
    clients_.write(event);
    if (nat_log_) {
        nat_log_->write(event);
    }
    if (ipfix_) {
        ipfix_->write(event);
    }
}

void EventHub::flush() {
    clients_.flush();
    if (nat_log_) {
        nat_log_->flush();
    }
    if (ipfix_) {
        ipfix_->flush();
    }
}

void EventHub::tick() {
    if (source_) {
        source_->tick([this](const Event& event) { take(event); });
        clients_.greet();
    }
}

void EventHub::handle() noexcept {
    try {
        std::uint64_t expirations = 0;
        const bool second =
            ::read(timer_.get(), &expirations, sizeof(expirations)) == sizeof(expirations);
        const bool came = clients_.handle();
        update();
        if (second || came) {
            tick();
        } else if (source_) {
            source_->drain([this](const Event& event) { take(event); });
        }
        flush();
        trouble_.clear();
    } catch (const std::exception& error) {
        if (trouble_ != error.what()) {
            trouble_ = error.what();
            spdlog::error("Events: {}", trouble_);
        }
    }
}

void EventHub::tell_ended(const std::vector<Mapping>& mappings) {
    if (mappings.empty()) {
        return;
    }
    const std::int64_t now = now_ns();
    for (const Mapping& each : mappings) {
        take(mapping_event(EventKind::MAPPING_ENDED, each, now));
    }
    flush();
}

void EventHub::tell(EventKind kind, std::string message) {
    clients_.write(notice(kind, std::move(message)));
    clients_.flush();
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/event_ring.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <system_error>

#include "control/pinned_map.hpp"

namespace ctgate {
namespace {

// Long, as a busy machine may leave the reader waiting.
constexpr std::uint64_t listened_ns = 10'000'000'000;
constexpr unsigned batch = 4096;

std::uint64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

std::unique_ptr<EventRing> EventRing::open(const RunDirectory& directory) {
    FileDescriptor lock(
        ::open(directory.file("events.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot create the lock of the dataplane's events");
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        return nullptr;
    }
    return std::unique_ptr<EventRing>(new EventRing(std::move(lock), directory));
}

EventRing::EventRing(FileDescriptor lock, const RunDirectory& directory)
    : lock_(std::move(lock)),
      listening_(open_pinned_map(directory, "listening", sizeof(__u32), sizeof(ctgate_listening))),
      lost_(open_pinned_map(directory, "events_lost", sizeof(__u32), sizeof(__u64))),
      ring_(nullptr, ring_buffer__free) {
    const FileDescriptor map = open_pinned_map(directory, "events", 0, 0);
    ring_.reset(ring_buffer__new(map.get(), &EventRing::take, this, nullptr));
    if (!ring_) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot read the events of the dataplane (needs CAP_BPF)");
    }
    lost();
}

EventRing::~EventRing() {
    try {
        set_listening(0);
    } catch (const std::exception&) {
        // It is over by itself soon.
    }
}

int EventRing::fd() const {
    return ring_buffer__epoll_fd(ring_.get());
}

void EventRing::set_listening(std::uint64_t until) {
    const __u32 only = 0;
    const ctgate_listening value{.until = until};
    if (bpf_map_update_elem(listening_.get(), &only, &value, BPF_ANY) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot ask the dataplane for events");
    }
}

// The dataplane sets to 0 what was over when there was something to tell.
bool EventRing::listen() {
    const __u32 only = 0;
    ctgate_listening found{};
    const bool missed =
        listens_ && bpf_map_lookup_elem(listening_.get(), &only, &found) == 0 && found.until == 0;
    set_listening(monotonic_ns() + listened_ns);
    listens_ = true;
    return !missed;
}

int EventRing::take(void* self, void* data, std::size_t size) {
    auto* ring = static_cast<EventRing*>(self);
    if (size == sizeof(ctgate_event)) {
        ctgate_event record{};
        std::memcpy(&record, data, sizeof(record));
        (*ring->sink_)(record, ring->offset_);
    }
    return ++ring->taken_ < batch ? 0 : -EAGAIN;
}

void EventRing::drain(const std::function<void(const ctgate_event&, std::int64_t)>& sink) {
    sink_ = &sink;
    const auto monotonic = static_cast<std::int64_t>(monotonic_ns());
    offset_ = now_ns() - monotonic;  // in this order: no event is older than it is
    taken_ = 0;
    ring_buffer__consume(ring_.get());
}

std::map<EventKind, std::uint64_t> EventRing::lost() {
    std::map<EventKind, std::uint64_t> result;
    for (__u32 kind = 0; kind < CTGATE_EVENT_MAX; kind++) {
        __u64 value = 0;
        bpf_map_lookup_elem(lost_.get(), &kind, &value);
        std::uint64_t& known = known_lost_[static_cast<EventKind>(kind)];
        if (value != known) {
            result[static_cast<EventKind>(kind)] = value - known;
            known = value;
        }
    }
    return result;
}

}  // namespace ctgate

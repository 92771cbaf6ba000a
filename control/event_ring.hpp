// SPDX-License-Identifier: GPL-2.0-only
// The dataplane's ring of events, while this process is the one that reads it.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "control/event.hpp"
#include "control/fd.hpp"
#include "control/run_directory.hpp"

struct ring_buffer;

namespace ctgate {

class EventRing {
  public:
    // nullptr: another process reads it. Throws when there is no ring that can be read.
    static std::unique_ptr<EventRing> open(const RunDirectory& directory);
    ~EventRing();  // the dataplane writes no more
    EventRing(const EventRing&) = delete;
    EventRing& operator=(const EventRing&) = delete;

    int fd() const;  // readable when something has come
    // The dataplane writes events for some seconds from now on; to be called each second. False:
    // the last call was too long ago, and something happened meanwhile that was not written.
    bool listen();
    // What has come, but not for ever: fd() stays readable when there is more.
    void drain(const std::function<void(const ctgate_event&, std::int64_t offset)>& sink);
    // Events for which the ring had no room, since the last call.
    std::map<EventKind, std::uint64_t> lost();

  private:
    EventRing(FileDescriptor lock, const RunDirectory& directory);
    static int take(void* self, void* data, std::size_t size);
    void set_listening(std::uint64_t until);

    FileDescriptor lock_;
    FileDescriptor listening_, lost_;
    std::unique_ptr<ring_buffer, void (*)(ring_buffer*)> ring_;
    std::map<EventKind, std::uint64_t> known_lost_;
    bool listens_ = false;
    // While drain() runs.
    const std::function<void(const ctgate_event&, std::int64_t)>* sink_ = nullptr;
    std::int64_t offset_ = 0;
    unsigned taken_ = 0;
};

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// What takes time to read, read by several threads: however often it is asked for, it is read by
// one of them, and takes but a small part of one processor.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace ctgate {

template <typename Value>
class Cached {
  public:
    using Clock = std::chrono::steady_clock;

    // Read again after `least`, or after `times` the processor time that reading took, if that is
    // longer.
    Cached(std::function<Value()> read, Clock::duration least, unsigned times)
        : read_(std::move(read)), least_(least), times_(times) {}

    // Throws what reading throws.
    std::shared_ptr<const Value> get() {
        const std::scoped_lock lock(mutex_);
        if (!value_ || Clock::now() >= next_) {
            const Clock::duration before = processor_time();
            value_ = std::make_shared<const Value>(read_());
            next_ = Clock::now() + std::max(least_, times_ * (processor_time() - before));
        }
        return value_;
    }

  private:
    static Clock::duration processor_time() {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }

    std::function<Value()> read_;
    Clock::duration least_;
    unsigned times_;
    std::mutex mutex_;
    std::shared_ptr<const Value> value_;
    Clock::time_point next_;
};

}  // namespace ctgate

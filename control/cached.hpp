// SPDX-License-Identifier: GPL-2.0-only
// What takes time to read, read by several threads: however often it is asked for, it is read by
// one of them, and takes but a small part of one processor.
#pragma once

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

    // Read again after `least`, or after `times` the time that reading took, if that is longer.
    Cached(std::function<Value()> read, Clock::duration least, unsigned times)
        : read_(std::move(read)), least_(least), times_(times) {}

    // Throws what reading throws.
    std::shared_ptr<const Value> get() {
        const std::scoped_lock lock(mutex_);
        const Clock::time_point begin = Clock::now();
        if (!value_ || begin >= next_) {
            value_ = std::make_shared<const Value>(read_());
            const Clock::time_point end = Clock::now();
            next_ = end + std::max(least_, times_ * (end - begin));
        }
        return value_;
    }

  private:
    std::function<Value()> read_;
    Clock::duration least_;
    unsigned times_;
    std::mutex mutex_;
    std::shared_ptr<const Value> value_;
    Clock::time_point next_;
};

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
// Owner of a bpftool skeleton: Skeleton<name_bpf>. Opened first, so that constants can be set.
#pragma once

#include <cerrno>
#include <system_error>

namespace ctgate::bench {

template <typename Generated>
class Skeleton {
  public:
    Skeleton() : skeleton_(Generated::open()) {
        if (skeleton_ == nullptr) {
            throw std::system_error(errno, std::generic_category(), "Cannot open a BPF object");
        }
    }
    ~Skeleton() { Generated::destroy(skeleton_); }
    Skeleton(const Skeleton&) = delete;
    Skeleton& operator=(const Skeleton&) = delete;

    void load() {
        if (Generated::load(skeleton_) != 0) {
            throw std::system_error(errno, std::generic_category(),
                                    "Cannot load a BPF object (needs root)");
        }
    }
    Generated* operator->() const { return skeleton_; }

  private:
    Generated* skeleton_;
};

}  // namespace ctgate::bench

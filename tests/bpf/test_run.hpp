// SPDX-License-Identifier: GPL-2.0-only
// One run of a TC program by BPF_PROG_TEST_RUN.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <vector>

namespace ctgate {

struct TestFrame {
    std::vector<std::uint8_t> bytes;  // from the Ethernet header on, and at least that
    int ifindex = 0;                  // in the current namespace; 0: its loopback device
    unsigned gso_size = 0;
    int ingress_ifindex = 0;         // on egress: where it came in; 0: sent by this machine
    std::array<unsigned, 2> seal{};  // skb->cb
    unsigned times = 1;              // that it arrives, one right after the other
};

struct TestRun {
    unsigned verdict = 0;
    std::vector<std::uint8_t> bytes;
    unsigned priority = 0;           // skb->priority
    std::array<unsigned, 2> seal{};  // skb->cb
};

template <typename Context>
TestRun run_with(const bpf_program* program, const TestFrame& frame, Context& context) {
    TestRun result;
    result.bytes.resize(frame.bytes.size() + 256);
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.bytes.data();
    options.data_size_in = static_cast<unsigned>(frame.bytes.size());
    options.data_out = result.bytes.data();
    options.data_size_out = static_cast<unsigned>(result.bytes.size());
    options.ctx_in = &context;
    options.ctx_size_in = sizeof(context);
    options.ctx_out = &context;
    options.ctx_size_out = sizeof(context);
    options.repeat = static_cast<int>(frame.times);
    if (bpf_prog_test_run_opts(bpf_program__fd(program), &options) != 0) {
        throw std::system_error(errno, std::generic_category(), bpf_program__name(program));
    }
    result.verdict = options.retval;
    result.bytes.resize(options.data_size_out);
    return result;
}

inline TestRun run(const bpf_program* program, const TestFrame& frame) {
    __sk_buff context{};
    context.ifindex = static_cast<unsigned>(frame.ifindex);
    context.ingress_ifindex = static_cast<unsigned>(frame.ingress_ifindex);
    context.gso_size = frame.gso_size;
    context.gso_segs = frame.gso_size == 0 ? 0 : 2;
    std::copy(frame.seal.begin(), frame.seal.end(), context.cb);
    TestRun result = run_with(program, frame, context);
    result.priority = context.priority;
    std::copy_n(context.cb, result.seal.size(), result.seal.begin());
    return result;
}

// The same of a program for XDP; TestRun::verdict is an XDP_*.
inline TestRun run_xdp(const bpf_program* program, const TestFrame& frame) {
    xdp_md context{};
    context.data_end = static_cast<unsigned>(frame.bytes.size());
    context.ingress_ifindex = static_cast<unsigned>(frame.ifindex);
    return run_with(program, frame, context);
}

// On a packet of zeroes, on the loopback device of the current namespace; the verdict.
inline unsigned run_once(const bpf_program* program) {
    return run(program, {.bytes = std::vector<std::uint8_t>(64)}).verdict;
}

// Owner of a bpftool skeleton: SkeletonOwner<name_bpf>.
template <typename Skeleton>
class SkeletonOwner {
  public:
    // Maps that the program pins by name stay unpinned. The largest are smaller than they would be:
    // after each test they are emptied, and looking through a map takes as long as it is large.
    // With `shared`, maps that have the same name there are those.
    explicit SkeletonOwner(const bpf_object* shared = nullptr) : skeleton_(Skeleton::open()) {
        if (skeleton_ == nullptr) {
            throw std::system_error(errno, std::generic_category(), "Cannot open a BPF object");
        }
        bpf_map* map = nullptr;
        bpf_object__for_each_map(map, skeleton_->obj) {
            bpf_map__set_pin_path(map, nullptr);
            bpf_map__set_max_entries(map, std::min(bpf_map__max_entries(map), most_entries));
            if (shared != nullptr) {
                bpf_map__reuse_fd(map, bpf_object__find_map_fd_by_name(shared, bpf_map__name(map)));
            }
        }
        if (Skeleton::load(skeleton_) != 0) {
            const int error = errno;
            Skeleton::destroy(skeleton_);
            throw std::system_error(error, std::generic_category(), "Cannot load a BPF object");
        }
    }
    ~SkeletonOwner() { Skeleton::destroy(skeleton_); }
    SkeletonOwner(const SkeletonOwner&) = delete;
    SkeletonOwner& operator=(const SkeletonOwner&) = delete;

    Skeleton* operator->() const { return skeleton_; }

  private:
    static constexpr __u32 most_entries = 131072;  // all ports of two external addresses

    Skeleton* skeleton_;
};

}  // namespace ctgate

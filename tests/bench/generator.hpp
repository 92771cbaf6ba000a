// SPDX-License-Identifier: GPL-2.0-only
// Sends frames out of one interface of a client: generator.bpf.c with its plan.
#pragma once

#include <cstdint>

#include "bench/flows.h"
#include "bench/network.hpp"
#include "bench/skeleton.hpp"
#include "generator.skel.h"

namespace ctgate::bench {

struct Flows {
    std::uint32_t first = 0;
    std::uint32_t count = 1;
};

class Generator {
  public:
    Generator(const Network& network, const Internal& from);

    // On the core that the thread is on, in batches small enough for the queues of a veth. Returns
    // what a packet took on average, nanoseconds, from making it to its end, wherever that was.
    double send(const Flows& flows, std::uint32_t packets);

  private:
    const Network& network_;
    Skeleton<generator_bpf> skeleton_;
};

}  // namespace ctgate::bench

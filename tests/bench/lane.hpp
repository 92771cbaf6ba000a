// SPDX-License-Identifier: GPL-2.0-only
// One subject with its network, generators and endpoints, ready to be measured. Several stand side
// by side, so that they can take turns.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "bench/endpoint.hpp"
#include "bench/generator.hpp"
#include "bench/network.hpp"
#include "bench/rounds.hpp"
#include "bench/subject.hpp"

namespace ctgate::bench {

class Lane {
  public:
    // `internal_links`: each has a generator. `options`: further ones of `ctgate run`.
    Lane(Kind kind, const Setup& setup, unsigned internal_links = 1, const Words& options = {});

    Kind kind() const { return kind_; }
    const Network& network() const { return network_; }
    const Router& router() const { return router_; }

    // One packet of each flow and an answer to it, `rounds` times, from each generator. Throws when
    // one does not get through.
    void converse(const Flows& flows, unsigned rounds);
    // Throws unless the router holds a session of each flow, if it translates at all.
    void check_sessions(std::uint64_t wanted) const;

    // Nanoseconds for each packet of these flows, one way, from the generator of this link, on the
    // core that the thread is on. Throws when packets were lost, repeatedly, or when they did not
    // take the path that is to be measured.
    double forward(const Flows& flows, std::uint32_t packets, unsigned link = 0);
    // As many first packets of sessions.
    double begin(const Flows& flows);
    // From both links at once, each on a core of its own: nanoseconds for each packet of them all.
    double forward_by_two(const Flows& flows, std::uint32_t packets);

  private:
    bool all_arrived(std::uint64_t before, std::uint64_t packets) const;
    void check_path(std::optional<std::uint64_t> before, std::uint64_t packets) const;
    template <typename Send>
    double lossless(std::uint64_t packets, const Send& send);

    Kind kind_;
    Network network_;
    Endpoint at_client_, at_server_;
    Router router_;
    std::vector<std::unique_ptr<Generator>> generators_;
};

// Of each kind.
std::vector<std::unique_ptr<Lane>> make_lanes(const std::vector<Kind>& kinds, const Setup& setup,
                                              unsigned internal_links = 1);

// One value of each a round, in turn, on the last core.
std::vector<Series> take_turns(const std::vector<std::unique_ptr<Lane>>& lanes, const Setup& setup,
                               const std::function<double(Lane&)>& once);

// Sessions of these flows in all of them, seen in both directions and for long enough that the
// kernel takes them for more than a query.
void establish(const std::vector<std::unique_ptr<Lane>>& lanes, const Flows& flows,
               const Interrupts& interrupts);

}  // namespace ctgate::bench

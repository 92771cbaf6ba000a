// SPDX-License-Identifier: GPL-2.0-only
#include "bench/lane.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <thread>

#include "bench/core.hpp"
#include "control/netns.hpp"

namespace ctgate::bench {
namespace {

using namespace std::chrono_literals;

constexpr unsigned attempts = 5;      // until no packet is lost
constexpr auto unanswered_time = 2s;  // nf_conntrack_proto_udp.c: then a UDP session is a stream
constexpr double few = 0.02;          // of the packets renew what the short path is made of

std::vector<std::string> client_interfaces(const Network& network) {
    std::vector<std::string> names;
    names.reserve(network.internals().size());
    for (const Internal& internal : network.internals()) {
        names.push_back(internal.client_interface);
    }
    return names;
}

// A veth takes frames from XDP when its peer has NAPI: from the generator, and from an endpoint in
// XDP that echoes.
const Network& with_napi(const Network& network, Hook endpoints) {
    const netns::Scope scope(network.router());
    if (endpoints == Hook::xdp) {
        enable_gro(external_interface);
    }
    for (const Internal& internal : network.internals()) {
        enable_gro(internal.router_interface);
    }
    return network;
}

}  // namespace

Lane::Lane(Kind kind, const Setup& setup, unsigned internal_links, const Words& options)
    : kind_(kind),
      network_(internal_links, translates(kind)),
      at_client_(network_.client(), client_interfaces(network_), hook_of(kind)),
      at_server_(network_.server(), {server_interface}, hook_of(kind)),
      router_(with_napi(network_, hook_of(kind)), kind, setup, options) {
    for (const Internal& internal : network_.internals()) {
        generators_.push_back(std::make_unique<Generator>(network_, internal));
    }
    network_.resolve_neighbours();
}

bool Lane::all_arrived(std::uint64_t before, std::uint64_t packets) const {
    return at_server_.arrived() - before == packets;
}

void Lane::converse(const Flows& flows, unsigned rounds) {
    const OnCore core(cores().back());
    at_server_.echo(true);
    for (unsigned i = 0; i < rounds; ++i) {
        for (const auto& generator : generators_) {
            const std::uint64_t out = at_server_.arrived();
            const std::uint64_t back = at_client_.arrived();
            generator->send(flows, flows.count);
            const std::uint64_t there = at_server_.arrived() - out;
            const std::uint64_t here = at_client_.arrived() - back;
            if (there != flows.count || here != flows.count) {
                throw std::runtime_error(
                    fmt::format("{}: of {} packets {} arrived and {} came back", name(kind_),
                                flows.count, there, here));
            }
        }
    }
    at_server_.echo(false);
}

void Lane::check_sessions(std::uint64_t wanted) const {
    const std::uint64_t found = translates(kind_) ? router_.sessions() : wanted;
    if (found < wanted) {
        throw std::runtime_error(fmt::format("{}: only {} of {} sessions are in the kernel's table",
                                             name(kind_), found, wanted));
    }
}

void Lane::check_path(std::optional<std::uint64_t> before, std::uint64_t packets) const {
    if (!before) {
        return;
    }
    const std::uint64_t others = router_.in_stack().value() - *before;
    if (static_cast<double>(others) > few * static_cast<double>(packets)) {
        throw std::runtime_error(fmt::format("{}: {} of {} packets did not take the short path",
                                             name(kind_), others, packets));
    }
}

template <typename Send>
double Lane::lossless(std::uint64_t packets, const Send& send) {
    for (unsigned i = 0; i < attempts; ++i) {
        const std::uint64_t before = at_server_.arrived();
        const double result = send();
        if (all_arrived(before, packets)) {
            return result;
        }
    }
    throw std::runtime_error(
        fmt::format("{}: packets were lost in each of {} attempts; is the machine overloaded?",
                    name(kind_), attempts));
}

double Lane::forward(const Flows& flows, std::uint32_t packets, unsigned link) {
    return lossless(packets, [&] {
        const auto before = router_.in_stack();
        const double result = generators_.at(link)->send(flows, packets);
        check_path(before, packets);
        return result;
    });
}

double Lane::begin(const Flows& flows) {
    const std::uint64_t before = at_server_.arrived();
    const double result = generators_.front()->send(flows, flows.count);
    if (!all_arrived(before, flows.count)) {
        throw std::runtime_error(fmt::format("{}: of {} new sessions {} arrived", name(kind_),
                                             flows.count, at_server_.arrived() - before));
    }
    return result;
}

double Lane::forward_by_two(const Flows& flows, std::uint32_t packets) {
    const std::vector<int> at = cores();
    return lossless(std::uint64_t{2} * packets, [&] {
        const auto before = router_.in_stack();
        std::array<double, 2> times{};
        std::array<std::exception_ptr, 2> failures{};
        std::barrier together(2);
        const auto one = [&](unsigned link) {
            together.arrive_and_wait();
            try {
                const OnCore core(at.at(link));
                times.at(link) = generators_.at(link)->send(flows, packets);
            } catch (...) {
                failures.at(link) = std::current_exception();
            }
        };
        {
            const std::jthread first(one, 0);
            const std::jthread second(one, 1);
        }
        for (const std::exception_ptr& failure : failures) {
            if (failure) {
                std::rethrow_exception(failure);
            }
        }
        check_path(before, std::uint64_t{2} * packets);
        return std::max(times[0], times[1]) / 2;  // the slower one says when all was done
    });
}

std::vector<std::unique_ptr<Lane>> make_lanes(const std::vector<Kind>& kinds, const Setup& setup,
                                              unsigned internal_links) {
    std::vector<std::unique_ptr<Lane>> lanes;
    lanes.reserve(kinds.size());
    for (const Kind kind : kinds) {
        lanes.push_back(std::make_unique<Lane>(kind, setup, internal_links));
    }
    return lanes;
}

std::vector<Series> take_turns(const std::vector<std::unique_ptr<Lane>>& lanes, const Setup& setup,
                               const std::function<double(Lane&)>& once) {
    std::vector<Contender> contenders;
    contenders.reserve(lanes.size());
    for (const auto& lane : lanes) {
        contenders.push_back({std::string(name(lane->kind())), [&] {
                                  const OnCore core(cores().back());
                                  return std::vector{once(*lane)};
                              }});
    }
    return alternate(contenders, setup.rounds, setup.interrupts).at(0);
}

void establish(const std::vector<std::unique_ptr<Lane>>& lanes, const Flows& flows,
               const Interrupts& interrupts) {
    const auto for_each = [&](unsigned rounds) {
        for (const auto& lane : lanes) {
            if (translates(lane->kind())) {
                lane->converse(flows, rounds);
            }
        }
    };
    for_each(1);
    interrupts.sleep(unanswered_time);
    for_each(2);
    for (const auto& lane : lanes) {
        lane->check_sessions(std::uint64_t{flows.count} * lane->network().internals().size());
    }
}

}  // namespace ctgate::bench

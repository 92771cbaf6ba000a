// SPDX-License-Identifier: GPL-2.0-only
// What is measured against what: the ways to get packets through the router of a network.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/device.hpp"
#include "bench/endpoint.hpp"
#include "bench/network.hpp"
#include "bench/setup.hpp"
#include "bench/skeleton.hpp"
#include "control/process.hpp"
#include "floor.skel.h"

namespace ctgate::bench {

enum class Kind {
    tc_floor,
    xdp_floor,
    routing,
    masquerade,
    flowtable,  // and masquerade
    ctgate_off,
    ctgate_tc,
    ctgate_xdp
};

std::string_view name(Kind kind);
bool translates(Kind kind);
// The kernel can be asked for it.
bool can_have_flowtable();
bool is_ctgate(Kind kind);
Hook hook_of(Kind kind);

// Serves the router of a network from construction to destruction.
class Router {
  public:
    // `options`: further ones of `ctgate run`.
    Router(const Network& network, Kind kind, const Setup& setup, const Words& options = {});
    ~Router();
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // Sessions that the kernel's table holds here.
    std::uint64_t sessions() const;
    // Packets that a short path past the stack did not take; nullopt: there is none.
    std::optional<std::uint64_t> in_stack() const;

  private:
    struct Floor;

    void lay_floor();
    void add_masquerade();
    void add_flowtable();
    void start_ctgate(const Words& options);
    void wait_until_it_serves();
    void take_down();

    const Network& network_;
    Kind kind_;
    const Setup& setup_;
    std::vector<std::unique_ptr<Floor>> floors_;
    FileDescriptor log_;
    std::optional<Process> daemon_;
};

}  // namespace ctgate::bench

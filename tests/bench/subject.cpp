// SPDX-License-Identifier: GPL-2.0-only
#include "bench/subject.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "control/commands.hpp"
#include "control/netns.hpp"
#include "control/nft.hpp"
#include "control/sysctl.hpp"

namespace ctgate::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto start_limit = 30s;
constexpr auto status_interval = 50ms;
constexpr auto command_limit = 120s;  // one `status` or `down`, also of 1,000,000 sessions

struct Description {
    Kind kind;
    std::string_view name;
    const char* fast_path;  // of `ctgate run`; none: it is not ctgate
};

constexpr std::array descriptions{
    Description{Kind::tc_floor, "floor (TC)", nullptr},
    Description{Kind::xdp_floor, "floor (XDP)", nullptr},
    Description{Kind::routing, "plain routing", nullptr},
    Description{Kind::masquerade, "nft masquerade", nullptr},
    Description{Kind::flowtable, "nft flowtable", nullptr},
    Description{Kind::ctgate_off, "ctgate, stack", "off"},
    Description{Kind::ctgate_tc, "ctgate, TC", "tc"},
    Description{Kind::ctgate_xdp, "ctgate, XDP", "xdp"},
};

const Description& describe(Kind kind) {
    return *std::find_if(descriptions.begin(), descriptions.end(),
                         [&](const Description& each) { return each.kind == kind; });
}

// What half of all home routers do. Sessions last as long as ctgate's.
constexpr const char* masquerade = R"(
table ip bench {
    chain source {
        type nat hook postrouting priority srcnat;
        oifname "outside" masquerade
    }
}
)";
constexpr const char* udp_timeout = "300";

// Packets of the forward hook are counted: those that the flowtable takes do not get there.
std::string flowtable_of(const std::vector<std::string>& devices) {
    return fmt::format(R"(
table ip bench {{
    flowtable fast {{
        hook ingress priority filter; devices = {{ {} }};
    }}
    counter in_stack {{
    }}
    chain forward {{
        type filter hook forward priority filter;
        counter name in_stack
        meta l4proto {{ tcp, udp }} flow add @fast
    }}
}}
)",
                       fmt::join(devices, ", "));
}

std::uint64_t forwarded() {
    const std::string listing = nft::run("list counter ip bench in_stack", "Cannot read a counter");
    constexpr std::string_view label = "packets ";
    return std::stoull(listing.substr(listing.find(label) + label.size()));
}

}  // namespace

std::string_view name(Kind kind) {
    return describe(kind).name;
}

bool is_ctgate(Kind kind) {
    return describe(kind).fast_path != nullptr;
}

bool translates(Kind kind) {
    return kind == Kind::masquerade || kind == Kind::flowtable || is_ctgate(kind);
}

bool can_have_flowtable() {
    const FileDescriptor ns = netns::create_unnamed();
    const netns::Scope scope(ns);
    try {
        nft::run(flowtable_of({"lo"}), "Cannot add a flowtable");
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

Hook hook_of(Kind kind) {
    return kind == Kind::xdp_floor || kind == Kind::ctgate_xdp ? Hook::xdp : Hook::tc;
}

// One for each internal interface.
struct Router::Floor {
    Skeleton<floor_bpf> skeleton;
    std::unique_ptr<Attachment> attachment;
};

Router::Router(const Network& network, Kind kind, const Setup& setup, const Words& options)
    : network_(network), kind_(kind), setup_(setup) {
    const netns::Scope scope(network_.router());
    if (kind == Kind::tc_floor || kind == Kind::xdp_floor) {
        lay_floor();
    } else if (is_ctgate(kind)) {
        start_ctgate(options);
        return;
    } else if (translates(kind)) {
        add_masquerade();
    }
    if (kind == Kind::flowtable) {
        add_flowtable();
    }
    sysctl::write("net/ipv4/ip_forward", "1");
}

Router::~Router() {
    try {
        take_down();
    } catch (const std::exception& error) {
        fmt::print(stderr, "ctgate_bench: {}\n", error.what());
    }
}

void Router::lay_floor() {
    std::array<Mac, 2> addresses{{{}, mac_of(external_interface)}};
    {
        const netns::Scope scope(network_.server());
        addresses[0] = mac_of(server_interface);
    }
    for (const Internal& internal : network_.internals()) {
        auto floor = std::make_unique<Floor>();
        auto* constants = floor->skeleton->rodata;
        constants->output = static_cast<std::uint32_t>(ifindex_of(external_interface));
        std::copy_n(addresses[0].data(), sizeof(addresses),
                    const_cast<__u8*>(constants->addresses));
        floor->skeleton.load();
        floor->attachment = std::make_unique<Attachment>(internal.router_interface,
                                                         hook_of(kind_) == Hook::xdp
                                                             ? floor->skeleton->progs.floor_xdp
                                                             : floor->skeleton->progs.floor_tc);
        floors_.push_back(std::move(floor));
    }
}

void Router::add_masquerade() {
    nft::run(masquerade, "Cannot add a masquerade rule");
    for (const char* setting : {"net/netfilter/nf_conntrack_udp_timeout",
                                "net/netfilter/nf_conntrack_udp_timeout_stream"}) {
        sysctl::write(setting, udp_timeout);
    }
}

void Router::add_flowtable() {
    std::vector<std::string> devices{external_interface};
    for (const Internal& internal : network_.internals()) {
        devices.push_back(internal.router_interface);
    }
    nft::run(flowtable_of(devices), "Cannot add a flowtable");
}

void Router::start_ctgate(const Words& options) {
    Words words{setup_.ctgate,      "run",         "--external",
                external_interface, "--fast-path", describe(kind_).fast_path};
    for (const Internal& internal : network_.internals()) {
        words.insert(words.end(), {"--internal", internal.router_interface});
    }
    words.insert(words.end(), options.begin(), options.end());
    log_ = memory_file();
    daemon_.emplace(words, log_);
    try {
        wait_until_it_serves();
    } catch (...) {
        take_down();  // no object, no destructor
        throw;
    }
}

void Router::wait_until_it_serves() {
    const auto deadline = std::chrono::steady_clock::now() + start_limit;
    while (run_program({setup_.ctgate, "status"}, command_limit, &setup_.interrupts).status !=
           exit_success) {
        const auto ended = daemon_->wait(status_interval, &setup_.interrupts);
        if (ended || std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error(
                fmt::format("'ctgate run --fast-path {}' {}:\n{}", describe(kind_).fast_path,
                            ended ? fmt::format("ended with status {}", *ended) : "does not serve",
                            contents_of(log_)));
        }
    }
}

void Router::take_down() {
    if (!daemon_) {
        return;
    }
    const netns::Scope scope(network_.router());
    const Outcome outcome = run_program({setup_.ctgate, "down"}, command_limit);
    daemon_.reset();
    if (outcome.status != exit_success) {
        throw std::runtime_error(
            fmt::format("'ctgate down' failed ({}): {}", outcome.status, outcome.output));
    }
}

std::uint64_t Router::sessions() const {
    const netns::Scope scope(network_.router());
    return std::stoull(sysctl::read("net/netfilter/nf_conntrack_count").value_or("0"));
}

std::optional<std::uint64_t> Router::in_stack() const {
    const netns::Scope scope(network_.router());
    if (kind_ == Kind::flowtable) {
        return forwarded();
    }
    if (!is_ctgate(kind_) || kind_ == Kind::ctgate_off) {
        return std::nullopt;
    }
    const Outcome outcome = run_program({setup_.ctgate, "show", "counters", "--json"},
                                        command_limit, &setup_.interrupts);
    const auto document = nlohmann::json::parse(outcome.output, nullptr, false);
    if (outcome.status != exit_success || !document.contains("counters")) {
        throw std::runtime_error(
            fmt::format("'ctgate show counters' has no counters: {}", outcome.output));
    }
    const auto counter = [&](const char* name) {
        return document.at("counters").at(name).get<std::uint64_t>();
    };
    return counter("internal_packets") + counter("external_packets") - counter("short_path");
}

}  // namespace ctgate::bench

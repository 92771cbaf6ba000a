// SPDX-License-Identifier: GPL-2.0-only
// UDP there and back, one at a time.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "bench/core.hpp"
#include "bench/measure.hpp"
#include "bench/site.hpp"

namespace ctgate::bench {
namespace {

constexpr std::uint16_t port = 7001;
constexpr std::size_t length = 64;

struct Ends {
    FileDescriptor client, server;
};

void exchange(const Ends& ends) {
    std::array<char, length> data{};
    sockaddr_storage from{};
    socklen_t from_length = sizeof(from);
    send_all(ends.client, length);
    wait_for(ends.server, POLLIN);
    if (::recvfrom(ends.server.get(), data.data(), data.size(), 0,
                   reinterpret_cast<sockaddr*>(&from), &from_length) < 0 ||
        ::sendto(ends.server.get(), data.data(), data.size(), 0, reinterpret_cast<sockaddr*>(&from),
                 from_length) < 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot answer");
    }
    wait_for(ends.client, POLLIN);
    receive_all(ends.client, length);
}

// Microseconds: median and 99th percentile.
std::vector<double> round_trips(const Ends& ends, unsigned number) {
    const OnCore core(cores().back());
    std::vector<double> times;
    for (unsigned i = 0; i < number; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        exchange(ends);
        times.push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
                .count());
    }
    std::sort(times.begin(), times.end());
    return {times[times.size() / 2], times[times.size() * 99 / 100]};
}

Measure result(const char* title, std::vector<Series> series) {
    Measure measure{title, "us", std::move(series), {}, {}};
    compare_less(measure, Kind::ctgate_tc, Kind::masquerade, 1.0);
    compare_less(measure, Kind::ctgate_xdp, Kind::masquerade, 1.0);
    return measure;
}

}  // namespace

std::vector<Measure> measure_latency(const Setup& setup) {
    const unsigned number = setup.quick ? 5'000 : 30'000;
    const auto sites = make_sites(setup);
    std::vector<Ends> ends;
    ends.reserve(sites.size());
    std::vector<Contender> contenders;
    contenders.reserve(sites.size());
    for (const auto& site : sites) {
        ends.push_back({client_socket(*site, SOCK_DGRAM), server_socket(*site, SOCK_DGRAM, port)});
        connect_to_server(ends.back().client, port);
    }
    for (std::size_t i = 0; i < sites.size(); ++i) {
        contenders.push_back(
            {std::string(name(sites[i]->kind())), [&, i] { return round_trips(ends[i], number); }});
    }
    auto both = alternate(contenders, setup.rounds, setup.interrupts);
    return {result("UDP round trip, p50", std::move(both.at(0))),
            result("UDP round trip, p99", std::move(both.at(1)))};
}

}  // namespace ctgate::bench

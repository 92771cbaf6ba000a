// SPDX-License-Identifier: GPL-2.0-only
#include "control/selftest_caller.hpp"

#include <stdexcept>

namespace ctgate::selftest {

Caller::Caller(Bench& bench, std::uint8_t protocol, const Host& host, std::uint16_t port)
    : bench_(bench), host_(host), port_(port) {
    if (protocol == IPPROTO_UDP) {
        udp_.emplace(bench.udp(host, port));
    }
}

Endpoint Caller::ask(const Endpoint& server) {
    const auto external = udp_ ? ask_udp(server) : ask_tcp(server);
    if (!external) {
        throw std::runtime_error(
            fmt::format("{}:{} does not reach {}", host_.address.text(), port_, server.text()));
    }
    return *external;
}

std::optional<Endpoint> Caller::ask_udp(const Endpoint& server) {
    UdpSocket socket = bench_.udp(server.address, server.port);
    return bench_.seen_by(*udp_, socket);
}

std::optional<Endpoint> Caller::ask_tcp(const Endpoint& server) {
    TcpSocket listener = bench_.listener(server.address, server.port);
    auto connection = bench_.connect(host_, port_, listener);
    if (!connection) {
        return std::nullopt;
    }
    connections_.push_back(std::move(*connection));
    return connections_.back().external;
}

}  // namespace ctgate::selftest

// SPDX-License-Identifier: GPL-2.0-only
// TCP connections a second: connect, a request, an answer, close from both sides.
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <system_error>

#include "bench/core.hpp"
#include "bench/measure.hpp"
#include "bench/site.hpp"

namespace ctgate::bench {
namespace {

constexpr std::uint16_t port = 7000;
constexpr std::size_t request = 200;
constexpr std::size_t answer = 4000;

FileDescriptor accept_from(const FileDescriptor& listener) {
    wait_for(listener, POLLIN);
    FileDescriptor result(
        ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!result) {
        throw std::system_error(errno, std::generic_category(), "Cannot accept a connection");
    }
    return result;
}

void wait_for_end(const FileDescriptor& socket) {
    char nothing = 0;
    wait_for(socket, POLLIN);
    if (::recv(socket.get(), &nothing, sizeof(nothing), 0) != 0) {
        throw std::system_error(errno, std::generic_category(), "A connection does not end");
    }
}

void one_connection(const Site& site, const FileDescriptor& listener) {
    const FileDescriptor client = client_socket(site, SOCK_STREAM);
    connect_to_server(client, port);
    const FileDescriptor server = accept_from(listener);
    wait_for(client, POLLOUT);
    send_all(client, request);
    receive_all(server, request);
    send_all(server, answer);
    receive_all(client, answer);
    ::shutdown(client.get(), SHUT_WR);
    wait_for_end(server);
    ::shutdown(server.get(), SHUT_WR);
    wait_for_end(client);
}

double connections_per_second(const Site& site, const FileDescriptor& listener, unsigned number) {
    const OnCore core(cores().back());
    const auto begin = std::chrono::steady_clock::now();
    for (unsigned i = 0; i < number; ++i) {
        one_connection(site, listener);
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    return number / time.count();
}

}  // namespace

std::vector<Measure> measure_connections(const Setup& setup) {
    const unsigned number = setup.quick ? 500 : 3'000;
    const auto sites = make_sites(setup);
    std::vector<FileDescriptor> listeners;
    listeners.reserve(sites.size());
    std::vector<Contender> contenders;
    contenders.reserve(sites.size());
    for (const auto& site : sites) {
        listeners.push_back(server_socket(*site, SOCK_STREAM, port));
    }
    for (std::size_t i = 0; i < sites.size(); ++i) {
        contenders.push_back({std::string(name(sites[i]->kind())), [&, i] {
                                  return std::vector{
                                      connections_per_second(*sites[i], listeners[i], number)};
                              }});
    }
    Measure result{"TCP: connect, transfer, close",
                   "connections/s",
                   alternate(contenders, setup.rounds, setup.interrupts).at(0),
                   {},
                   {}};
    compare(result, Kind::ctgate_tc, Kind::masquerade, 1.0);
    compare(result, Kind::ctgate_xdp, Kind::masquerade, 1.0);
    return {result};
}

}  // namespace ctgate::bench

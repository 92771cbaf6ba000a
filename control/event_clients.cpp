// SPDX-License-Identifier: GPL-2.0-only
#include "control/event_clients.hpp"

#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace ctgate {
namespace {

constexpr std::size_t enough = longest_event_message / 2;  // a line is shorter than that
constexpr int queue_bytes = 1 << 20;                       // of each reader
constexpr std::size_t most_clients = 64;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_un address_of(const RunDirectory& directory) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    directory.file("events").copy(address.sun_path, sizeof(address.sun_path) - 1);
    return address;
}

FileDescriptor make_socket() {
    FileDescriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!socket) {
        fail("Cannot create a socket for events");
    }
    return socket;
}

}  // namespace

EventClients::EventClients(const RunDirectory& directory)
    : poll_(::epoll_create1(EPOLL_CLOEXEC)), listener_(make_socket()) {
    const sockaddr_un address = address_of(directory);
    ::unlink(address.sun_path);  // of a daemon before this one
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.fd = -1;
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
            0 ||
        ::listen(listener_.get(), SOMAXCONN) != 0 || !poll_ ||
        ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, listener_.get(), &wanted) != 0) {
        fail("Cannot offer events at a socket in the run directory");
    }
}

bool EventClients::handle() {
    bool came = false;
    std::array<epoll_event, 16> ready{};
    const int count = ::epoll_wait(poll_.get(), ready.data(), static_cast<int>(ready.size()), 0);
    for (int i = 0; i < count; i++) {
        const int fd = ready.at(static_cast<std::size_t>(i)).data.fd;
        if (fd < 0) {
            came = accept() || came;
        }
        // Readers have nothing to say.
        for (Client& client : clients_) {
            client.gone = client.gone || client.socket.get() == fd;
        }
    }
    std::erase_if(clients_, [](const Client& client) { return client.gone; });
    return came;
}

bool EventClients::accept() {
    Client client{.socket = FileDescriptor(
                      ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)),
                  .since = now_ns(),
                  .waiting = {}};
    if (!client.socket || clients_.size() >= most_clients) {
        return false;
    }
    ::setsockopt(client.socket.get(), SOL_SOCKET, SO_SNDBUFFORCE, &queue_bytes,
                 sizeof(queue_bytes));
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.fd = client.socket.get();
    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, client.socket.get(), &wanted) != 0) {
        return false;
    }
    clients_.push_back(std::move(client));
    return true;
}

void EventClients::greet() {
    for (Client& client : clients_) {
        if (!client.greeted) {
            client.greeted = true;
            add(client, json_line(notice(EventKind::LISTENING, "from the daemon")) + "\n");
            flush(client);
        }
    }
}

void EventClients::write(const Event& event) {
    if (clients_.empty()) {
        return;
    }
    const std::string line = json_line(event) + "\n";
    for (Client& client : clients_) {
        if (event.time >= client.since) {
            add(client, line);
        }
    }
}

void EventClients::add(Client& client, const std::string& line) {
    if (client.waiting.size() + line.size() > enough) {
        flush(client);
    }
    client.waiting += line;
    client.lines++;
}

void EventClients::flush() {
    for (Client& client : clients_) {
        flush(client);
    }
}

void EventClients::flush(Client& client) {
    if (client.lines == 0 && client.lost == 0) {
        return;
    }
    std::string message;
    if (client.lost != 0) {
        message = json_line(lost_event(client.lost, "reader", "this reader was too slow")) + "\n";
    }
    message += client.waiting;
    if (::send(client.socket.get(), message.data(), message.size(), MSG_NOSIGNAL) >= 0) {
        client.lost = 0;
    } else {
        client.lost += client.lines;
    }
    client.waiting.clear();
    client.lines = 0;
}

FileDescriptor connect_to_events(const RunDirectory& directory) {
    FileDescriptor socket = make_socket();
    const sockaddr_un address = address_of(directory);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
        0) {
        return socket;
    }
    if (errno == ENOENT || errno == ECONNREFUSED) {
        return {};
    }
    fail("Cannot connect to the daemon's events (needs root)");
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/http_server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

#include "control/http_socket.hpp"
#include "control/status_page.hpp"

namespace ctgate {
namespace {

constexpr int connections = 4;  // at a time; more wait their turn
constexpr int pause_ms = 100;   // after a failure that may last
constexpr int sample_ms = std::chrono::milliseconds(History::interval).count();

HttpRoutes routes(Observer& observer) {
    return {
        {"/",
         [] {
             return HttpAnswer{200, "text/html; charset=utf-8", std::string(status_page)};
         }},
        {"/metrics",
         [&] {
             return HttpAnswer{200, "text/plain; version=0.0.4; charset=utf-8", observer.metrics()};
         }},
        {"/status.json",
         [&] {
             return HttpAnswer{200, "application/json", observer.status_json()};
         }},
        {"/healthz", [&] {
             const std::string complaint = observer.complaint();
             return complaint.empty() ? HttpAnswer{.body = "ok\n"}
                                      : HttpAnswer{.status = 503, .body = complaint + "\n"};
         }}};
}

}  // namespace

HttpServer::HttpServer(FileDescriptor socket, Observer& observer)
    : socket_(std::move(socket)),
      stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      answers_(routes(observer)) {
    if (!stop_) {
        throw std::system_error(errno, std::generic_category(), "Cannot serve HTTP");
    }
    const auto add = [&](auto work) {
        threads_.emplace_back([this, work](const std::stop_token& token) {
            const std::stop_callback wake(token, [this] { ::eventfd_write(stop_.get(), 1); });
            work();
        });
    };
    for (int i = 0; i < connections; ++i) {
        add([this] { accept_connections(); });
    }
    add([this, &observer] { take_samples(observer); });
}

bool HttpServer::stopped_within(int milliseconds) const {
    pollfd stop{stop_.get(), POLLIN, 0};
    return ::poll(&stop, 1, milliseconds) > 0;
}

// Nothing that goes wrong here may reach the daemon.
void HttpServer::accept_connections() {
    while (!stopped_within(0)) {
        std::array<pollfd, 2> events{{{socket_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
        ::poll(events.data(), events.size(), -1);
        const FileDescriptor connection(
            ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!connection) {
            // Another thread was quicker, or the visitor has gone.
            if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
                stopped_within(pause_ms);
            }
            continue;
        }
        try {
            answers_.serve(connection, stop_);
        } catch (const std::exception&) {
            // Out of memory, say: this visitor gets no answer.
        }
    }
}

// While the gateway starts there is nothing to be sampled; soon there will be.
void HttpServer::take_samples(Observer& observer) {
    int wait_ms = 0;
    while (!stopped_within(wait_ms)) {
        try {
            wait_ms = observer.sample() ? sample_ms : pause_ms;
        } catch (const std::exception&) {
            wait_ms = sample_ms;  // a gap in the history; /healthz tells why
        }
    }
}

void HttpService::set(const std::optional<ListenOption>& option) {
    if (option == option_) {
        return;
    }
    // The old one may be in the way of the new one: 127.0.0.1 and 0.0.0.0 cannot share a port.
    if (option && option_ && option->port == option_->port) {
        server_.reset();
    }
    if (option) {
        try {
            start(*option);
        } catch (...) {
            if (option_ && !server_) {
                start(*option_);
            }
            throw;
        }
    } else {
        server_.reset();
    }
    option_ = option;
}

void HttpService::start(const ListenOption& option) {
    FileDescriptor socket = listen_on(option);
    server_.reset();
    server_.emplace(std::move(socket), observer_);
}

}  // namespace ctgate

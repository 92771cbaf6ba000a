// SPDX-License-Identifier: GPL-2.0-only
#include "control/http_answers.hpp"

#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

namespace ctgate {
namespace {

using Clock = std::chrono::steady_clock;

// Browsers open connections in advance, and may ask nothing there: others wait behind those.
constexpr std::chrono::seconds request_time{2};
constexpr std::chrono::seconds answer_time{10};
constexpr std::chrono::seconds farewell_time{1};
constexpr std::size_t most_request_bytes = 16384;  // headers and all
constexpr std::size_t most_discarded_bytes = 65536;

// Nothing from elsewhere, in no frame, kept nowhere.
const httplib::Headers headers = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
     "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-store"}};

// A connection with deadlines, and with a limit to what it may ask.
class Exchange : public httplib::Stream {
  public:
    Exchange(int connection, int stop)
        : connection_(connection), stop_(stop), deadline_(Clock::now() + request_time) {}

    bool is_readable() const override { return begin_ != end_ || wait(POLLIN); }
    bool is_writable() const override { return wait(POLLOUT); }
    // The library asks for one byte at a time.
    ssize_t read(char* to, std::size_t size) override {
        if (begin_ == end_ && !fill()) {
            return -1;
        }
        const std::size_t count = std::min(size, end_ - begin_);
        std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), count, to);
        begin_ += count;
        return static_cast<ssize_t>(count);
    }
    ssize_t write(const char* from, std::size_t size) override {
        if (!answers_) {
            answers_ = true;
            deadline_ = Clock::now() + answer_time;
        }
        for (;;) {
            const ssize_t sent = ::send(connection_, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0 || errno != EAGAIN || !wait(POLLOUT)) {
                return sent;
            }
        }
    }
    void get_remote_ip_and_port(std::string&, int&) const override {}
    void get_local_ip_and_port(std::string&, int&) const override {}
    socket_t socket() const override { return connection_; }

    // What was not read would make the kernel send a reset, which may overtake the answer.
    void part() {
        ::shutdown(connection_, SHUT_WR);
        deadline_ = Clock::now() + farewell_time;
        left_ = most_discarded_bytes;
        while (fill()) {
        }
    }

  private:
    bool wait(short events) const {
        for (;;) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
            std::array<pollfd, 2> ends{{{connection_, events, 0}, {stop_, POLLIN, 0}}};
            const int ready = left.count() <= 0 ? 0
                                                : ::poll(ends.data(), ends.size(),
                                                         static_cast<int>(left.count()));
            if (ready < 0 && errno == EINTR) {
                continue;
            }
            return ready > 0 && ends[1].revents == 0;
        }
    }
    bool fill() {
        if (left_ == 0 || !wait(POLLIN)) {
            return false;
        }
        const ssize_t count =
            ::recv(connection_, buffer_.data(), std::min(left_, buffer_.size()), MSG_DONTWAIT);
        begin_ = 0;
        end_ = count > 0 ? static_cast<std::size_t>(count) : 0;
        left_ -= end_;
        return count > 0;
    }

    int connection_;
    int stop_;
    Clock::time_point deadline_;
    bool answers_ = false;
    std::size_t left_ = most_request_bytes;
    std::array<char, 4096> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

void fill(httplib::Response& response, int status, const char* type, const std::string& body) {
    response.status = status;
    response.set_content(body, type);
}

std::string what(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "unknown failure";
    }
}

}  // namespace

// The library's own sockets and threads are not used: they can be limited less.
class HttpAnswers::Server : private httplib::Server {
  public:
    explicit Server(HttpRoutes routes) : routes_(std::move(routes)) {
        set_default_headers(headers);
        set_payload_max_length(most_request_bytes);
        set_pre_routing_handler(
            [this](const httplib::Request& request, httplib::Response& response) {
                answer(request, response);
                return HandlerResponse::Handled;
            });
        set_exception_handler(
            [](const httplib::Request&, httplib::Response& response, const std::exception_ptr& e) {
                fill(response, 503, HttpAnswer{}.type, what(e) + "\n");
            });
    }

    void serve(int connection, int stop) {
        Exchange exchange(connection, stop);
        bool closed = false;
        process_request(exchange, true, closed, nullptr);
        exchange.part();
    }

  private:
    void answer(const httplib::Request& request, httplib::Response& response) const {
        const HttpAnswer plain;
        const auto route = routes_.find(request.path);
        if (request.method != "GET" && request.method != "HEAD") {
            response.set_header("Allow", "GET, HEAD");
            fill(response, 405, plain.type, "only GET and HEAD\n");
        } else if (route == routes_.end()) {
            fill(response, 404, plain.type, "there is nothing here\n");
        } else {
            const HttpAnswer found = route->second();
            fill(response, found.status, found.type, found.body);
        }
    }

    HttpRoutes routes_;
};

HttpAnswers::HttpAnswers(HttpRoutes routes)
    : server_(std::make_unique<Server>(std::move(routes))) {}

HttpAnswers::~HttpAnswers() = default;

void HttpAnswers::serve(const FileDescriptor& connection, const FileDescriptor& stop) {
    server_->serve(connection.get(), stop.get());
}

}  // namespace ctgate

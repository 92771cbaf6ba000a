// SPDX-License-Identifier: GPL-2.0-only
// What is answered to which request, and to what is none.
#include <gmock/gmock.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>
#include <thread>

#include "control/http_answers.hpp"

namespace ctgate {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

HttpRoutes routes() {
    return {{"/",
             [] {
                 return HttpAnswer{200, "text/html", "page"};
             }},
            {"/ill", [] { return HttpAnswer{.status = 503, .body = "not well\n"}; }},
            {"/throws", []() -> HttpAnswer { throw std::runtime_error("broken"); }}};
}

class Visit {
  public:
    Visit() : stop_(::eventfd(0, EFD_NONBLOCK)) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
        visitor_ = FileDescriptor(ends[0]);
        connection_ = FileDescriptor(ends[1]);
    }
    void send(const std::string& text) {
        EXPECT_EQ(::send(visitor_.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    void stop() { ::eventfd_write(stop_.get(), 1); }
    std::string serve() {
        ::shutdown(visitor_.get(), SHUT_WR);
        return serve_open();
    }
    std::string serve_open() {
        HttpAnswers(routes()).serve(connection_, stop_);
        std::array<char, 65536> buffer{};
        const ssize_t count = ::recv(visitor_.get(), buffer.data(), buffer.size(), 0);
        return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
    }

  private:
    FileDescriptor visitor_, connection_, stop_;
};

std::string answer_to(const std::string& request) {
    Visit visit;
    visit.send(request);
    return visit.serve();
}

TEST(HttpAnswers, APathHasItsAnswer) {
    const std::string answer = answer_to("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/html\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Security-Policy: default-src 'none';"));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\npage"));
    EXPECT_THAT(answer_to("GET /?x=1 HTTP/1.1\r\n\r\n"), EndsWith("\r\n\r\npage"));
    EXPECT_THAT(answer_to("GET /ill HTTP/1.1\r\n\r\n"),
                testing::AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("\r\n\r\nnot well\n")));
}

TEST(HttpAnswers, HeadHasTheSameWithoutBody) {
    const std::string answer = answer_to("HEAD / HTTP/1.1\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 4\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(HttpAnswers, AnythingElseIsRefused) {
    for (const char* path : {"/nothing", "/../etc/passwd", "//", "/index.html", "/ill/"}) {
        EXPECT_THAT(answer_to("GET " + std::string(path) + " HTTP/1.1\r\n\r\n"),
                    StartsWith("HTTP/1.1 404 "))
            << path;
    }
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
        const std::string answer =
            answer_to(std::string(method) + " / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 ")) << method;
        EXPECT_THAT(answer, HasSubstr("\r\nAllow: GET, HEAD\r\n")) << method;
    }
    EXPECT_THAT(answer_to("nonsense\r\n\r\n"), Not(HasSubstr("200")));
    EXPECT_THAT(answer_to("GET / HTTP/7\r\n\r\n"), Not(HasSubstr("200")));
    EXPECT_EQ(answer_to(""), "");
}

TEST(HttpAnswers, AFailureIsTold) {
    EXPECT_THAT(answer_to("GET /throws HTTP/1.1\r\n\r\n"),
                testing::AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("\r\n\r\nbroken\n")));
}

TEST(HttpAnswers, ARequestIsNotLongerThanItMayBe) {
    const std::string line = "X-Filler: " + std::string(1000, 'x') + "\r\n";
    std::string request = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 10; ++i) {
        request += line;
    }
    EXPECT_THAT(answer_to(request + "\r\n"), StartsWith("HTTP/1.1 200 "));
    for (int i = 0; i < 10; ++i) {
        request += line;
    }
    EXPECT_THAT(answer_to(request + "\r\n"), Not(StartsWith("HTTP/1.1 200 ")));
    EXPECT_THAT(answer_to("GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n"),
                StartsWith("HTTP/1.1 414 "));
}

// It takes two seconds.
TEST(HttpAnswers, ARequestThatDoesNotComeIsNotWaitedForLong) {
    Visit visit;
    visit.send("GET / HT");
    EXPECT_THAT(visit.serve_open(), Not(HasSubstr("200")));
}

// Whoever sends half a request holds nobody up who wants to end.
TEST(HttpAnswers, WaitingEndsWhenItIsTimeToGo) {
    Visit visit;
    visit.send("GET / HT");
    std::thread later([&] { visit.stop(); });
    visit.serve_open();
    later.join();
}

}  // namespace
}  // namespace ctgate

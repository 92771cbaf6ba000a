// SPDX-License-Identifier: GPL-2.0-only
// The protocol: one request of a connection, and its answer. Limits keep whoever connects from
// holding on to memory or to a thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "control/fd.hpp"

namespace ctgate {

struct HttpAnswer {
    int status = 200;
    const char* type = "text/plain; charset=utf-8";
    std::string body;
};

// By path. An exception becomes status 503 and its sentence.
using HttpRoutes = std::map<std::string, std::function<HttpAnswer()>>;

class HttpAnswers {
  public:
    explicit HttpAnswers(HttpRoutes routes);
    ~HttpAnswers();
    HttpAnswers(const HttpAnswers&) = delete;
    HttpAnswers& operator=(const HttpAnswers&) = delete;

    // Within ten seconds, or until `stop` is readable. May be called by several threads at a time.
    // The socket does not block.
    void serve(const FileDescriptor& connection, const FileDescriptor& stop);

  private:
    class Server;
    std::unique_ptr<Server> server_;
};

}  // namespace ctgate

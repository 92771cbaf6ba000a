// SPDX-License-Identifier: GPL-2.0-only
// Metrics, status page and health check by HTTP, from threads of their own.
#pragma once

#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "control/config.hpp"
#include "control/fd.hpp"
#include "control/http_answers.hpp"
#include "control/observer.hpp"

namespace ctgate {

// Serves at a listening socket, in the namespace the thread is in, until it goes. Its threads take
// no signals but those that the thread takes.
class HttpServer {
  public:
    HttpServer(FileDescriptor socket, Observer& observer);

  private:
    void accept_connections();
    void take_samples(Observer& observer);
    bool stopped_within(int milliseconds) const;

    FileDescriptor socket_;
    FileDescriptor stop_;  // readable: it is time to go
    HttpAnswers answers_;
    std::vector<std::jthread> threads_;  // end before the others do
};

// What --listen-http asks for, as it changes.
class HttpService {
  public:
    // The observer outlives this object.
    explicit HttpService(Observer& observer) : observer_(observer) {}

    const std::optional<ListenOption>& option() const { return option_; }
    // Throws when one cannot listen there; what was served before is served on.
    void set(const std::optional<ListenOption>& option);

  private:
    void start(const ListenOption& option);

    Observer& observer_;
    std::optional<ListenOption> option_;
    std::optional<HttpServer> server_;
};

}  // namespace ctgate

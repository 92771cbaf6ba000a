// SPDX-License-Identifier: GPL-2.0-only
// Readers of the daemon's events: each is connected to the socket "events" in the run directory,
// and gets them as lines of JSON, several in one message. Nobody waits for a slow one: it loses
// what its socket has no room for, and is told how much.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/event.hpp"
#include "control/fd.hpp"
#include "control/run_directory.hpp"

namespace ctgate {

class EventClients {
  public:
    explicit EventClients(const RunDirectory& directory);

    int fd() const { return poll_.get(); }  // readable when one comes or goes
    // Takes in who comes, and forgets who went. True: somebody came.
    bool handle();
    bool empty() const { return clients_.empty(); }

    // Tells those who do not know yet that from now on they miss nothing.
    void greet();
    // Written to all who were there at that time; sent by flush(), or when it is enough.
    void write(const Event& event);
    void flush();

  private:
    struct Client {
        FileDescriptor socket;
        std::int64_t since = 0;
        std::uint64_t lost = 0;
        bool gone = false;
        bool greeted = false;
        std::string waiting;  // lines
        std::uint64_t lines = 0;
    };

    bool accept();
    static void add(Client& client, const std::string& line);
    static void flush(Client& client);

    FileDescriptor poll_, listener_;
    std::vector<Client> clients_;
};

// Connects to them; an empty descriptor when no daemon is there.
FileDescriptor connect_to_events(const RunDirectory& directory);
constexpr std::size_t longest_event_message = 65536;

}  // namespace ctgate

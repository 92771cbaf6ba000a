// SPDX-License-Identifier: GPL-2.0-only
// The daemon's side of events: reads them while somebody wants them, and hands them to `ctgate
// events`, to the NAT log and to the IPFIX collector.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/config.hpp"
#include "control/event_clients.hpp"
#include "control/event_source.hpp"
#include "control/ipfix_exporter.hpp"
#include "control/mappings.hpp"
#include "control/nat_log.hpp"

namespace ctgate {

class EventHub {
  public:
    // Of the gateway that serves the network namespace the thread is in.
    EventHub();

    int fd() const { return poll_.get(); }  // readable when handle() has something to do
    // Throws nothing: the gateway serves without it, and trouble is logged.
    void handle() noexcept;

    // The logs that are to be written from now on; files are opened anew. Throws when one cannot
    // be; then all is as it was.
    void configure(const Config& config);
    // Something that the daemon did.
    void tell(EventKind kind, std::string message);
    void tell_ended(const std::vector<Mapping>& mappings);

  private:
    void update();
    void begin_logs();
    void tick();
    void take(const Event& event);
    void flush();
    void wake_each_second(bool yes);

    RunDirectory directory_;
    FileDescriptor poll_, timer_;
    EventClients clients_;
    std::optional<NatLog> nat_log_;
    std::optional<IpfixExporter> ipfix_;
    bool log_has_sessions_ = false;
    // What there is already is to be told.
    bool log_begins_ = false, ipfix_begins_ = false;
    // By which records tell whose a port is: the size of port blocks, and whether they are
    // computed.
    std::pair<unsigned, bool> blocks_;
    std::unique_ptr<EventSource> source_;  // while somebody wants events
    std::string trouble_;                  // as last reported
};

}  // namespace ctgate

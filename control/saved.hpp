// SPDX-License-Identifier: GPL-2.0-only
// What `ctgate save` writes: lines, each a JSON object. First a header, then mappings, contacts and
// sessions, last the end, with how many there are and a checksum: a file that was cut off or
// changed is known. Times are seconds, left at the time of the header.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>

#include "control/conntrack.hpp"
#include "control/ip.hpp"

namespace ctgate::saved {

struct Header {
    std::int64_t time = 0;  // of the day (CLOCK_REALTIME)
    std::string program;    // version of the ctgate that wrote it
};

// An external port that is in use.
struct Mapping {
    std::uint8_t protocol = 0;  // IPPROTO_TCP or IPPROTO_UDP
    Endpoint external;
    std::optional<Endpoint> internal;  // nullopt: several internal endpoints share the port
    IpAddress contact;                 // that it first sent to; 0.0.0.0: none
    std::uint32_t mapped = 0;          // the mapping's time
    std::uint32_t held = 0;            // the port's
};

// The external port of a mapping has sent there, too. Port 0: whatever the remote port.
struct Contact {
    std::uint8_t protocol = 0;
    Endpoint external, remote;
};

// Sessions are translated, of TCP or UDP; their mark is without the accepted bit, which all have.
using Record = std::variant<Mapping, Contact, Session>;

struct Counts {
    std::uint64_t mappings = 0, contacts = 0, sessions = 0;

    void add(const Record& record);
    bool operator==(const Counts& other) const = default;
};

// The session's external endpoints, which both may have (hairpinning).
std::optional<Endpoint> source_external(const Session& session);
std::optional<Endpoint> destination_external(const Session& session);

// A line without its end. Parsing throws BadRecord, whose sentence says what is wrong.
class BadRecord : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};
std::string to_line(const Header& header);
std::string to_line(const Record& record);
std::string end_line(const Counts& counts, std::uint32_t checksum);
Header parse_header(const std::string& line);

struct End {
    Counts counts;
    std::uint32_t checksum = 0;
};
using Line = std::variant<Record, End>;
Line parse_line(const std::string& line);

}  // namespace ctgate::saved

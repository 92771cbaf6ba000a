// SPDX-License-Identifier: GPL-2.0-only
#include "control/saved.hpp"

#include <fmt/core.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "control/conntrack_names.hpp"

namespace ctgate::saved {
namespace {

using nlohmann::ordered_json;

constexpr unsigned file_version = 1;
constexpr const char* format_name = "ctgate sessions";
// More than any timeout; and the dataplane's clock does not overflow by it.
constexpr std::uint64_t longest = std::numeric_limits<std::int32_t>::max();
constexpr std::uint64_t largest_scale = 14;  // RFC 7323 section 2.3

bool same(const Endpoint& one, const Endpoint& other) {
    return one.address == other.address && one.port == other.port;
}

const ordered_json& member(const ordered_json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) {
        throw BadRecord(fmt::format("'{}' is missing", name));
    }
    return *found;
}

std::uint64_t number(const ordered_json& value, const char* name, std::uint64_t limit) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > limit) {
        throw BadRecord(fmt::format("'{}' is no number from 0 to {}", name, limit));
    }
    return value.get<std::uint64_t>();
}

std::uint32_t seconds(const ordered_json& object, const char* name) {
    return static_cast<std::uint32_t>(number(member(object, name), name, longest));
}

std::string text(const ordered_json& object, const char* name) {
    const ordered_json& value = member(object, name);
    if (!value.is_string()) {
        throw BadRecord(fmt::format("'{}' is no text", name));
    }
    return value.get<std::string>();
}

bool flag(const ordered_json& object, const char* name) {
    const ordered_json& value = member(object, name);
    if (!value.is_boolean()) {
        throw BadRecord(fmt::format("'{}' is neither true nor false", name));
    }
    return value.get<bool>();
}

std::uint8_t protocol(const ordered_json& object) {
    const std::string name = text(object, "protocol");
    if (name != "tcp" && name != "udp") {
        throw BadRecord("'protocol' is neither tcp nor udp");
    }
    return name == "tcp" ? IPPROTO_TCP : IPPROTO_UDP;
}

Endpoint endpoint(const ordered_json& value, const char* name, bool any_port = false) {
    const auto result =
        value.is_string() ? Endpoint::parse(value.get<std::string>()) : std::nullopt;
    if (!result || result->address.v4 == 0 || (result->port == 0 && !any_port)) {
        throw BadRecord(fmt::format("'{}' is no endpoint such as 10.0.0.2:1234", name));
    }
    return *result;
}

struct Pair {
    const ordered_json& first;
    const ordered_json& second;
};

// `name`: an array of two.
Pair pair(const ordered_json& object, const char* name) {
    const ordered_json& value = member(object, name);
    if (!value.is_array() || value.size() != 2) {
        throw BadRecord(fmt::format("'{}' is no pair", name));
    }
    return {value[0], value[1]};
}

std::array<std::uint8_t, 2> small_numbers(const ordered_json& object, const char* name,
                                          std::uint64_t limit) {
    const Pair found = pair(object, name);
    return {static_cast<std::uint8_t>(number(found.first, name, limit)),
            static_cast<std::uint8_t>(number(found.second, name, limit))};
}

ordered_json to_json(const Mapping& mapping) {
    ordered_json result = {{"protocol", conntrack::protocol_name(mapping.protocol)},
                           {"external", mapping.external.text()}};
    result["internal"] =
        mapping.internal ? ordered_json(mapping.internal->text()) : ordered_json(nullptr);
    result["contact"] = mapping.contact.text();
    result["mapped"] = mapping.mapped;
    result["held"] = mapping.held;
    return {{"mapping", result}};
}

ordered_json to_json(const Contact& contact) {
    return {{"contact",
             {{"protocol", conntrack::protocol_name(contact.protocol)},
              {"external", contact.external.text()},
              {"remote", contact.remote.text()}}}};
}

ordered_json to_json(const Session& session) {
    ordered_json result = {
        {"protocol", conntrack::protocol_name(session.protocol)},
        {"original", {session.source.text(), session.destination.text()}},
        {"reply", {session.reply_source.text(), session.reply_destination.text()}},
        {"replied", (session.status & IPS_SEEN_REPLY) != 0},
        {"assured", (session.status & IPS_ASSURED) != 0},
        {"mark", session.mark},
        {"timeout", session.timeout}};
    if (session.protocol == IPPROTO_TCP) {
        result["state"] = session.state;
        result["flags"] = session.tcp_flags;
        result["scale"] = session.tcp_scale;
    }
    return {{"session", result}};
}

Mapping to_mapping(const ordered_json& object) {
    Mapping mapping;
    mapping.protocol = protocol(object);
    mapping.external = endpoint(member(object, "external"), "external");
    if (const ordered_json& internal = member(object, "internal"); !internal.is_null()) {
        mapping.internal = endpoint(internal, "internal");
    }
    const auto contact = IpAddress::parse(text(object, "contact"));
    if (!contact) {
        throw BadRecord("'contact' is no address");
    }
    mapping.contact = *contact;
    mapping.mapped = seconds(object, "mapped");
    mapping.held = seconds(object, "held");
    return mapping;
}

Contact to_contact(const ordered_json& object) {
    return {.protocol = protocol(object),
            .external = endpoint(member(object, "external"), "external"),
            .remote = endpoint(member(object, "remote"), "remote", true)};
}

void take_tcp(const ordered_json& object, Session& session) {
    session.state = text(object, "state");
    if (!conntrack::tcp_state_number(session.state)) {
        throw BadRecord("'state' is none of TCP's");
    }
    session.tcp_flags = small_numbers(object, "flags", std::numeric_limits<std::uint8_t>::max());
    session.tcp_scale = small_numbers(object, "scale", largest_scale);
}

Session to_session(const ordered_json& object) {
    Session session;
    session.protocol = protocol(object);
    const Pair original = pair(object, "original");
    const Pair reply = pair(object, "reply");
    session.source = endpoint(original.first, "original");
    session.destination = endpoint(original.second, "original");
    session.reply_source = endpoint(reply.first, "reply");
    session.reply_destination = endpoint(reply.second, "reply");
    for (const auto& [name, bit] :
         {std::pair{"replied", IPS_SEEN_REPLY}, {"assured", IPS_ASSURED}}) {
        session.status |= flag(object, name) ? static_cast<std::uint32_t>(bit) : 0;
    }
    session.mark = static_cast<std::uint32_t>(
        number(member(object, "mark"), "mark", std::numeric_limits<std::uint32_t>::max()));
    session.timeout = seconds(object, "timeout");
    if (session.protocol == IPPROTO_TCP) {
        take_tcp(object, session);
    }
    if (!source_external(session) && !destination_external(session)) {
        throw BadRecord("the session is not translated");
    }
    return session;
}

std::uint32_t to_checksum(const std::string& digits) {
    constexpr int hexadecimal = 16;
    std::uint32_t result = 0;
    const char* end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, result, hexadecimal);
    if (error != std::errc() || rest != end) {
        throw BadRecord("'crc32' is no checksum");
    }
    return result;
}

End to_end(const ordered_json& object) {
    const auto count = [&](const char* name) {
        return number(member(object, name), name, std::numeric_limits<std::int64_t>::max());
    };
    return {.counts = {.mappings = count("mappings"),
                       .contacts = count("contacts"),
                       .sessions = count("sessions")},
            .checksum = to_checksum(text(object, "crc32"))};
}

ordered_json to_object(const std::string& line) {
    ordered_json result = ordered_json::parse(line, nullptr, false);
    if (!result.is_object() || result.empty()) {
        throw BadRecord("this is no JSON object");
    }
    return result;
}

}  // namespace

void Counts::add(const Record& record) {
    ++(std::holds_alternative<Mapping>(record)   ? mappings
       : std::holds_alternative<Contact>(record) ? contacts
                                                 : sessions);
}

std::optional<Endpoint> source_external(const Session& session) {
    return same(session.source, session.reply_destination)
               ? std::nullopt
               : std::optional(session.reply_destination);
}

std::optional<Endpoint> destination_external(const Session& session) {
    return same(session.destination, session.reply_source) ? std::nullopt
                                                           : std::optional(session.destination);
}

std::string to_line(const Header& header) {
    const ordered_json json = {{"format", format_name},
                               {"version", file_version},
                               {"time", header.time},
                               {"program", header.program}};
    return json.dump();
}

std::string to_line(const Record& record) {
    return std::visit([](const auto& each) { return to_json(each).dump(); }, record);
}

std::string end_line(const Counts& counts, std::uint32_t checksum) {
    const ordered_json json = {{"end",
                                {{"mappings", counts.mappings},
                                 {"contacts", counts.contacts},
                                 {"sessions", counts.sessions},
                                 {"crc32", fmt::format("{:08x}", checksum)}}}};
    return json.dump();
}

Header parse_header(const std::string& line) {
    const ordered_json json = to_object(line);
    if (!json.contains("format") || json.at("format") != format_name) {
        throw BadRecord("this is not what 'ctgate save' writes");
    }
    const std::uint64_t version = number(member(json, "version"), "version", longest);
    if (version != file_version) {
        throw BadRecord(
            fmt::format("the format is version {}, and this ctgate reads version {}; use the "
                        "ctgate that wrote it",
                        version, file_version));
    }
    return {.time = static_cast<std::int64_t>(
                number(member(json, "time"), "time", std::numeric_limits<std::int64_t>::max())),
            .program = text(json, "program")};
}

Line parse_line(const std::string& line) {
    const ordered_json json = to_object(line);
    const std::string& kind = json.begin().key();
    const ordered_json& content = json.begin().value();
    if (json.size() != 1 || !content.is_object()) {
        throw BadRecord("this is no record");
    }
    if (kind == "mapping") {
        return Record(to_mapping(content));
    }
    if (kind == "contact") {
        return Record(to_contact(content));
    }
    if (kind == "session") {
        return Record(to_session(content));
    }
    if (kind == "end") {
        return to_end(content);
    }
    throw BadRecord("this is no record of a known kind");
}

}  // namespace ctgate::saved

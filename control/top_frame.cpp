// SPDX-License-Identifier: GPL-2.0-only
#include "control/top_frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "control/conntrack_names.hpp"

namespace ctgate {
namespace {

constexpr const char* host_row = "{:<15} {:>12} {:>10} {:>9} {:>7} {:>9} {:>14}";
constexpr const char* session_row = "{:<8} {:<21} {:<21} {:>12} {:>10} {:>14}";
constexpr const char* drop_row = "{:<32} {:>10} {:>14}";

std::string percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? "" : fmt::format(" ({} %)", part * 100 / whole);
}

std::string direction(const char* name, const Rate& rate) {
    return fmt::format("{:<13} {:>13} {:>10.0f} packets/s", name, bits_text(rate.bytes),
                       rate.packets);
}

std::vector<std::string> head(const TopFrame& frame, TopOrder order) {
    return {
        fmt::format("ctgate  {} of {} sessions{}", frame.sessions, frame.session_limit,
                    percent(frame.sessions, frame.session_limit)),
        direction("from inside", frame.from_inside), direction("from outside", frame.from_outside),
        frame.has_short_path
            ? fmt::format("{:<13} {:>13} {:>10.0f} packets/s", "short path", "", frame.short_path)
            : "short path    off: sessions and their bytes are not counted",
        fmt::format("sorted by {}; q quits, s sorts, 1 and 2 set the seconds", order_name(order))};
}

// A blank line, the heading and as many lines as there is room for.
void append(std::vector<std::string>& lines, const std::string& heading,
            const std::vector<std::string>& rows, std::size_t room) {
    constexpr std::size_t above = 2;
    if (room <= above) {
        return;
    }
    lines.emplace_back();
    lines.push_back(heading);
    const std::size_t count = std::min(rows.size(), room - above);
    lines.insert(lines.end(), rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count));
}

std::vector<std::string> host_lines(const TopFrame& frame) {
    std::vector<std::string> lines;
    for (const TopHost& each : frame.hosts) {
        lines.push_back(fmt::format(host_row, each.address.text(), bits_text(each.rate.bytes),
                                    fmt::format("{:.0f}", each.rate.packets), each.sessions,
                                    each.ports, each.refused, each.bytes));
    }
    return lines;
}

std::vector<std::string> session_lines(const TopFrame& frame) {
    std::vector<std::string> lines;
    for (const TopSession& each : frame.top_sessions) {
        lines.push_back(fmt::format(session_row, conntrack::protocol_name(each.protocol),
                                    each.internal.text(), each.remote.text(),
                                    bits_text(each.rate.bytes),
                                    fmt::format("{:.0f}", each.rate.packets), each.bytes));
    }
    return lines;
}

std::vector<std::string> drop_lines(const TopFrame& frame) {
    std::vector<std::string> lines;
    for (const TopDrop& each : frame.drops) {
        lines.push_back(
            fmt::format(drop_row, each.name, fmt::format("{:.0f}", each.rate), each.packets));
    }
    return lines;
}

}  // namespace

const char* order_name(TopOrder order) {
    switch (order) {
        case TopOrder::rate:
            return "rate";
        case TopOrder::bytes:
            return "bytes";
        case TopOrder::sessions:
            return "sessions";
    }
    return "";
}

TopOrder next(TopOrder order) {
    switch (order) {
        case TopOrder::rate:
            return TopOrder::bytes;
        case TopOrder::bytes:
            return TopOrder::sessions;
        case TopOrder::sessions:
            break;
    }
    return TopOrder::rate;
}

std::string bits_text(double bytes_per_second) {
    constexpr std::array units = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"};
    double value = bytes_per_second * 8;
    std::size_t unit = 0;
    while (value >= 1000 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return fmt::format("{:.{}f} {}", value, unit == 0 ? 0 : 1, units.at(unit));
}

// Where the order leaves it open, the other numbers decide, then the address.
void TopFrame::sort(TopOrder order) {
    std::sort(hosts.begin(), hosts.end(), [&](const TopHost& one, const TopHost& other) {
        const auto rank = [&](const TopHost& host) {
            const double first = order == TopOrder::bytes      ? static_cast<double>(host.bytes)
                                 : order == TopOrder::sessions ? static_cast<double>(host.sessions)
                                                               : host.rate.bytes;
            return std::tuple(first, host.bytes, host.ports);
        };
        return rank(one) != rank(other) ? rank(one) > rank(other) : one.address < other.address;
    });
    std::sort(top_sessions.begin(), top_sessions.end(),
              [&](const TopSession& one, const TopSession& other) {
                  const auto rank = [&](const TopSession& session) {
                      const auto bytes = static_cast<double>(session.bytes);
                      return order == TopOrder::bytes ? std::tuple(bytes, session.rate.bytes)
                                                      : std::tuple(session.rate.bytes, bytes);
                  };
                  return rank(one) > rank(other);
              });
    std::sort(drops.begin(), drops.end(), [](const TopDrop& one, const TopDrop& other) {
        return std::tie(one.rate, one.packets) > std::tie(other.rate, other.packets);
    });
}

std::vector<std::string> to_lines(const TopFrame& frame, TopOrder order, std::size_t rows) {
    std::vector<std::string> lines = head(frame, order);
    if (lines.size() > rows) {
        lines.resize(rows);
        return lines;
    }
    // Two fifths for hosts, as much for sessions at least, the rest for drops.
    const std::size_t room = rows - lines.size();
    const std::size_t share = room / 5 * 2;
    append(
        lines,
        fmt::format(host_row, "HOST", "RATE", "PACKETS/S", "SESSIONS", "PORTS", "REFUSED", "BYTES"),
        host_lines(frame), share);
    append(lines,
           fmt::format(session_row, "PROTOCOL", "INTERNAL", "REMOTE", "RATE", "PACKETS/S", "BYTES"),
           session_lines(frame), share);
    append(lines, fmt::format(drop_row, "DROPPED", "PACKETS/S", "PACKETS"), drop_lines(frame),
           rows - lines.size());
    return lines;
}

}  // namespace ctgate

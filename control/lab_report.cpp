// SPDX-License-Identifier: GPL-2.0-only
#include "control/lab_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace ctgate::lab {
namespace {

using nlohmann::json;

constexpr const char* drawing = R"(
    client1 10.0.0.2 --+
                       +-- 10.0.0.1 inside [gateway] outside 203.0.113.1 -- 203.0.113.2 server
    client2 10.0.0.3 --+                                                    198.51.100.2

)";

// "src=10.0.0.2 dst=198.51.100.2 sport=40000 dport=8080", as conntrack -L prints a direction.
std::string conntrack_text(const json& direction) {
    const json& source = direction.at("source");
    const json& destination = direction.at("destination");
    return fmt::format("src={} dst={} sport={} dport={} ", source.at("address").get<std::string>(),
                       destination.at("address").get<std::string>(),
                       source.at("port").get<unsigned>(), destination.at("port").get<unsigned>());
}

bool is_listed(const json& session, const std::vector<std::string>& list) {
    const std::string original = conntrack_text(session.at("original"));
    const std::string reply = conntrack_text(session.at("reply"));
    return std::any_of(list.begin(), list.end(), [&](const std::string& line) {
        return line.starts_with(session.at("protocol").get<std::string>()) &&
               line.find(original) != std::string::npos && line.find(reply) != std::string::npos;
    });
}

bool is_translated(const json& session) {
    return session.at("accepted") == true && session.at("nat") == "source" &&
           session.at("external").at("address") == "203.0.113.1";
}

// "TCP", "UDP" or "ICMP"; tcpdump names UDP only by what is in it (port 53: DNS).
std::string kind_of(const std::string& line) {
    if (line.find(": Flags [") != std::string::npos) {
        return "TCP";
    }
    return line.find(": ICMP ") != std::string::npos ? "ICMP" : "UDP";
}

}  // namespace

std::string shell_text(const Words& words) {
    std::string text;
    for (const std::string& word : words) {
        const bool plain = word.find_first_of(" *\\$&;|<>()") == std::string::npos;
        text += (text.empty() ? "" : " ") + (plain ? word : "'" + word + "'");
    }
    return text;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

void print_indented(const std::string& text) {
    for (const std::string& line : lines_of(text)) {
        fmt::print("    {}\n", line);
    }
}

void print_drawing() {
    fmt::print("{}", drawing);
}

void print_how_to_play(bool web_server_runs) {
    fmt::print("The lab is up. Try:\n  ctgate lab exec client1 -- ping -c 1 203.0.113.2\n");
    if (!web_server_runs) {
        fmt::print("  ctgate lab exec server -- python3 -m http.server 8080 &\n");
    }
    fmt::print(
        "  ctgate lab exec client1 -- curl http://198.51.100.2:8080/\n"
        "  ctgate lab exec gateway -- conntrack -L\n"
        "  ctgate show sessions --netns {}\n"
        "The gateway's log is {}. 'ctgate lab down' removes everything.\n",
        gateway.netns, gateway_log);
}

std::string internal_address(const Host& client) {
    return client.name == client1.name ? "10.0.0.2" : "10.0.0.3";
}

bool sessions_agree(const std::string& text, const std::string& list, const std::string& protocol,
                    const std::string& address) {
    const json sessions = json::parse(text, nullptr, false);
    if (!sessions.is_array()) {
        return false;
    }
    const std::vector<std::string> listed = lines_of(list);
    std::size_t found = 0;
    for (const json& session : sessions) {
        if (session.at("protocol") == protocol && session.at("internal").at("address") == address) {
            ++found;
            if (!is_translated(session) || !is_listed(session, listed)) {
                return false;
            }
        }
    }
    return found > 0;
}

std::uint64_t counter(const std::string& text, const char* name) {
    const json counters = json::parse(text, nullptr, false);
    return counters.is_object() ? counters.at("counters").value(name, std::uint64_t{0}) : 0;
}

CaptureSummary summarize_capture(const std::string& captured, const std::string& source) {
    CaptureSummary summary;
    std::set<std::string> seen;
    for (const std::string& line : lines_of(captured)) {
        if (!line.starts_with("IP ")) {
            continue;
        }
        ++summary.packets;
        const std::string rest = line.substr(3);
        // With a port behind a fourth dot, or none (ICMP, fragments).
        if (!rest.starts_with(source + ".") && !rest.starts_with(source + " ")) {
            ++summary.foreign;
        }
        if (seen.insert(kind_of(line)).second) {
            summary.first_of_kind.push_back(line);
        }
    }
    return summary;
}

}  // namespace ctgate::lab

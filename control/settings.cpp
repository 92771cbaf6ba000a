// SPDX-License-Identifier: GPL-2.0-only
#include "control/settings.hpp"

#include <fmt/core.h>

#include <charconv>
#include <stdexcept>
#include <vector>

#include "control/changes.hpp"
#include "control/sysctl.hpp"

namespace ctgate::settings {
namespace {

struct Setting {
    const char* name;  // below net/netfilter/nf_conntrack_
    unsigned value;
};

std::vector<Setting> conntrack_settings(const Timeouts& timeouts) {
    return {
        {"udp_timeout", timeouts.udp},
        {"udp_timeout_stream", timeouts.udp},
        {"icmp_timeout", timeouts.icmp},
        {"tcp_timeout_established", timeouts.tcp_established},
        {"tcp_timeout_syn_sent", timeouts.tcp_transitory},
        {"tcp_timeout_syn_recv", timeouts.tcp_transitory},
        {"tcp_timeout_fin_wait", timeouts.tcp_transitory},
        {"tcp_timeout_close_wait", timeouts.tcp_transitory},
        {"tcp_timeout_last_ack", timeouts.tcp_transitory},
        {"tcp_timeout_time_wait", timeouts.tcp_transitory},
        {"tcp_timeout_close", timeouts.tcp_transitory},
        {"tcp_be_liberal", 1},
    };
}

std::string conntrack_name(const char* name) {
    return fmt::format("net/netfilter/nf_conntrack_{}", name);
}

constexpr const char* forwarding_directory = "net/ipv4/conf/";

std::string forwarding_name(const std::string& interface) {
    return fmt::format("{}{}/forwarding", forwarding_directory, interface);
}

std::uint64_t number(const std::string& name) {
    const std::string text = sysctl::read(name).value_or("0");
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// True: it is at least that large now.
bool raise(Journal& journal, const std::string& name, std::uint64_t value) {
    return number(name) >= value || changes::set_sysctl(journal, name, std::to_string(value));
}

void require(Journal& journal, const std::string& name, const std::string& value, int ifindex = 0) {
    if (!changes::set_sysctl(journal, name, value, ifindex)) {
        throw std::runtime_error(
            fmt::format("Cannot set {} to {}: it is missing or read-only here", name, value));
    }
}

}  // namespace

void set_conntrack(Journal& journal, const Timeouts& timeouts) {
    for (const Setting& each : conntrack_settings(timeouts)) {
        require(journal, conntrack_name(each.name), std::to_string(each.value));
    }
}

bool make_room(Journal& journal, std::uint64_t sessions) {
    // As many buckets as sessions: each session is in two.
    raise(journal, conntrack_name("buckets"), sessions);
    return raise(journal, conntrack_name("max"), sessions);
}

void set_forwarding(Journal& journal, const std::string& interface, int ifindex) {
    require(journal, forwarding_name(interface), "1", ifindex);
}

bool opened_by_us(const Journal& journal, const std::string& interface) {
    if (sysctl::read("net/ipv4/conf/all/forwarding") != "0") {
        return false;
    }
    return journal.find(changes::key_of_sysctl(forwarding_name(interface))) != nullptr ||
           sysctl::read(forwarding_name(interface)) == "0";
}

std::optional<std::string> forwarding_of(const std::string& key) {
    const std::string begin = changes::key_of_sysctl(forwarding_directory);
    const std::string end = "/forwarding";
    if (!key.starts_with(begin) || !key.ends_with(end)) {
        return std::nullopt;
    }
    return key.substr(begin.size(), key.size() - begin.size() - end.size());
}

bool is_room(const std::string& key) {
    return key == changes::key_of_sysctl(conntrack_name("max")) ||
           key == changes::key_of_sysctl(conntrack_name("buckets"));
}

}  // namespace ctgate::settings

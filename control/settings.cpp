// SPDX-License-Identifier: GPL-2.0-only
#include "control/settings.hpp"

#include <fmt/core.h>

#include <charconv>
#include <stdexcept>

#include "control/changes.hpp"
#include "control/sysctl.hpp"
#include "ctgate/defaults.h"

namespace ctgate::settings {
namespace {

struct Setting {
    const char* name;  // below net/netfilter/nf_conntrack_
    unsigned value;
};

constexpr Setting conntrack_settings[] = {
    {"udp_timeout", CTGATE_UDP_TIMEOUT},
    {"udp_timeout_stream", CTGATE_UDP_TIMEOUT},
    {"icmp_timeout", CTGATE_ICMP_TIMEOUT},
    {"tcp_timeout_established", CTGATE_TCP_ESTABLISHED_TIMEOUT},
    {"tcp_timeout_syn_sent", CTGATE_TCP_TRANSITORY_TIMEOUT},
    {"tcp_timeout_syn_recv", CTGATE_TCP_TRANSITORY_TIMEOUT},
    {"tcp_timeout_fin_wait", CTGATE_TCP_TRANSITORY_TIMEOUT},
    {"tcp_timeout_close_wait", CTGATE_TCP_TRANSITORY_TIMEOUT},
    {"tcp_timeout_last_ack", CTGATE_TCP_TRANSITORY_TIMEOUT},
    {"tcp_timeout_time_wait", CTGATE_TCP_TRANSITORY_TIMEOUT},
    {"tcp_timeout_close", CTGATE_TCP_TRANSITORY_TIMEOUT},
    {"tcp_be_liberal", 1},
};

std::string conntrack_name(const char* name) {
    return fmt::format("net/netfilter/nf_conntrack_{}", name);
}

std::string forwarding_name(const std::string& interface) {
    return fmt::format("net/ipv4/conf/{}/forwarding", interface);
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

void require(Journal& journal, const std::string& name, const std::string& value) {
    if (!changes::set_sysctl(journal, name, value)) {
        throw std::runtime_error(
            fmt::format("Cannot set {} to {}: it is missing or read-only here", name, value));
    }
}

}  // namespace

void set_conntrack(Journal& journal) {
    for (const Setting& each : conntrack_settings) {
        require(journal, conntrack_name(each.name), std::to_string(each.value));
    }
}

bool make_room(Journal& journal, std::uint64_t sessions) {
    // As many buckets as sessions: each session is in two.
    raise(journal, conntrack_name("buckets"), sessions);
    return raise(journal, conntrack_name("max"), sessions);
}

void set_forwarding(Journal& journal, const std::string& interface) {
    require(journal, forwarding_name(interface), "1");
}

bool opened_by_us(const Journal& journal, const std::string& interface) {
    return journal.find(key_of_forwarding(interface)) != nullptr ||
           sysctl::read(forwarding_name(interface)) == "0";
}

std::string key_of_forwarding(const std::string& interface) {
    return changes::key_of_sysctl(forwarding_name(interface));
}

bool is_forwarding(const std::string& key) {
    return key.starts_with(changes::key_of_sysctl("net/ipv4/conf/")) &&
           key.ends_with("/forwarding");
}

}  // namespace ctgate::settings

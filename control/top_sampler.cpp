// SPDX-License-Identifier: GPL-2.0-only
#include "control/top_sampler.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include <cstring>
#include <functional>
#include <new>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "control/conntrack.hpp"
#include "control/pinned_map.hpp"
#include "control/session_records.hpp"
#include "ctgate/hosts.h"

namespace ctgate {
namespace {

// Totals begin anew when a record, or an interface, was made anew.
std::uint64_t grown(std::uint64_t now, std::uint64_t before) {
    return now >= before ? now - before : now;
}

TopHost& host_at(std::map<IpAddress, TopHost>& hosts, IpAddress address) {
    TopHost& host = hosts[address];
    host.address = address;
    return host;
}

Endpoint endpoint(__be32 address, __be16 port) {
    return {IpAddress{address}, ntohs(port)};
}

std::unique_ptr<nl_sock, void (*)(nl_sock*)> open_netlink() {
    std::unique_ptr<nl_sock, void (*)(nl_sock*)> socket(nl_socket_alloc(), &nl_socket_free);
    if (!socket) {
        throw std::bad_alloc();
    }
    if (const int error = nl_connect(socket.get(), NETLINK_ROUTE); error < 0) {
        throw std::runtime_error(std::string("Cannot ask the kernel about interfaces: ") +
                                 nl_geterror(error));
    }
    return socket;
}

}  // namespace

SessionKey session_key(const ctgate_cache_key& key, const ctgate_cache_record& record) {
    const __u32 protocol = key.arrival >> 24;
    if (record.flags & CTGATE_CACHE_INSIDE) {
        return {key.source, key.destination, key.source_port, key.destination_port, protocol};
    }
    return {record.destination, record.source, record.destination_port, record.source_port,
            protocol};
}

std::size_t TopSampler::Hash::operator()(const SessionKey& key) const {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(&key), sizeof(key)});
}

bool TopSampler::Equal::operator()(const SessionKey& one, const SessionKey& other) const {
    return std::memcmp(&one, &other, sizeof(one)) == 0;
}

TopSampler::TopSampler(RunDirectory directory)
    : directory_(std::move(directory)),
      hosts_(open_pinned_map(directory_, "hosts", sizeof(ctgate_host_key), sizeof(ctgate_host))),
      netlink_(open_netlink()) {}

TopSampler::~TopSampler() = default;

std::optional<TopFrame> TopSampler::sample() {
    const auto serving = Serving::read(directory_);
    const auto counters = serving ? read_counters(directory_) : std::nullopt;
    if (!counters) {
        return std::nullopt;
    }
    const auto now = std::chrono::steady_clock::now();
    seconds_ = last_ ? std::chrono::duration<double>(now - *last_).count() : 0;
    last_ = now;
    TopFrame frame;
    frame.seconds = seconds_;
    frame.sessions = conntrack::count();
    frame.session_limit = conntrack::limit();
    frame.has_short_path = serving->short_path.mode != FastPath::off;
    const auto add = [](Rate& sum, const Rate& rate) {
        sum.packets += rate.packets;
        sum.bytes += rate.bytes;
    };
    for (const std::string& each : serving->internal) {
        add(frame.from_inside, arrived(each));
    }
    for (const ExternalInterface& each : serving->external) {
        add(frame.from_outside, arrived(each.name));
    }
    std::map<IpAddress, TopHost> hosts;
    add_sessions(frame, hosts);
    add_hosts(hosts);
    for (auto& [address, host] : hosts) {
        frame.hosts.push_back(host);
    }
    add_counters(frame, *counters);
    return frame;
}

void TopSampler::add_sessions(TopFrame& frame, std::map<IpAddress, TopHost>& hosts) {
    // Each run of the daemon begins with another.
    const FileDescriptor cache = open_pinned_map(
        directory_, "session_cache", sizeof(ctgate_cache_key), sizeof(ctgate_cache_record));
    Sessions now;
    now.reserve(sessions_.size());
    for_each_record(cache.get(),
                    [&](const ctgate_cache_key& key, const ctgate_cache_record& record) {
                        Traffic& total = now[session_key(key, record)];
                        total.packets += record.packets;
                        total.bytes += record.bytes;
                    });
    frame.top_sessions.reserve(now.size());
    for (const auto& [key, total] : now) {
        const auto found = sessions_.find(key);
        const Traffic before = found == sessions_.end() ? Traffic{} : found->second;
        const Rate rate{per_second(static_cast<double>(grown(total.packets, before.packets))),
                        per_second(static_cast<double>(grown(total.bytes, before.bytes)))};
        frame.top_sessions.push_back({.protocol = static_cast<std::uint8_t>(key.arrival),
                                      .internal = endpoint(key.source, key.source_port),
                                      .remote = endpoint(key.destination, key.destination_port),
                                      .bytes = total.bytes,
                                      .rate = rate});
        TopHost& host = host_at(hosts, IpAddress{key.source});
        ++host.sessions;
        host.bytes += total.bytes;
        host.rate.packets += rate.packets;
        host.rate.bytes += rate.bytes;
    }
    sessions_ = std::move(now);
}

void TopSampler::add_hosts(std::map<IpAddress, TopHost>& hosts) const {
    ctgate_host_key key{};
    for (const ctgate_host_key* previous = nullptr;
         bpf_map_get_next_key(hosts_.get(), previous, &key) == 0; previous = &key) {
        ctgate_host counted{};
        if (bpf_map_lookup_elem(hosts_.get(), &key, &counted) != 0) {
            continue;
        }
        TopHost& host = host_at(hosts, IpAddress{key.address.words[0]});
        host.ports += counted.ports;
        for (const std::uint64_t each : counted.refused) {
            host.refused += each;
        }
    }
}

void TopSampler::add_counters(TopFrame& frame, const Counters& counters) {
    const auto rate = [&](const CounterRow& row) {
        const std::uint64_t now = row.value.value_or(0);
        std::uint64_t& before = counted_[row.name];
        const std::uint64_t more = grown(now, std::exchange(before, now));
        return per_second(static_cast<double>(more));
    };
    for (const CounterRow& row : counters.counters) {
        if (row.name == std::string_view("short_path")) {
            frame.short_path = rate(row);
        }
    }
    for (const CounterRow& row : counters.drops) {
        const double now = rate(row);
        if (row.value.value_or(0) != 0) {
            frame.drops.push_back({row.name, *row.value, now});
        }
    }
}

// Drivers count what arrives, whatever XDP does with it.
Rate TopSampler::arrived(const std::string& interface) {
    rtnl_link* found = nullptr;
    if (rtnl_link_get_kernel(netlink_.get(), 0, interface.c_str(), &found) < 0) {
        return {};  // it is missing at the moment
    }
    const std::unique_ptr<rtnl_link, decltype(&rtnl_link_put)> link(found, &rtnl_link_put);
    const Traffic now{rtnl_link_get_stat(found, RTNL_LINK_RX_PACKETS),
                      rtnl_link_get_stat(found, RTNL_LINK_RX_BYTES)};
    const auto [known, fresh] = arrived_.try_emplace(interface, now);
    const Traffic before = std::exchange(known->second, now);
    return {per_second(static_cast<double>(grown(now.packets, before.packets))),
            per_second(static_cast<double>(grown(now.bytes, before.bytes)))};
}

}  // namespace ctgate

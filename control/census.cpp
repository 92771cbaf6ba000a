// SPDX-License-Identifier: GPL-2.0-only
#include "control/census.hpp"

#include <bpf/bpf.h>

#include <iterator>
#include <numeric>
#include <vector>

#include "control/conntrack.hpp"
#include "control/pinned_map.hpp"
#include "control/session_records.hpp"
#include "control/session_view.hpp"
#include "ctgate/hosts.h"
#include "ctgate/session_cache.h"

namespace ctgate {
namespace {

const char* name_of(std::uint8_t protocol) {
    switch (protocol) {
        case IPPROTO_TCP:
            return "tcp";
        case IPPROTO_UDP:
            return "udp";
        case IPPROTO_ICMP:
            return "icmp";
        default:
            return "other";
    }
}

void count_sessions(Census& census) {
    conntrack::for_each([&](const Session& session) {
        const SessionView seen = view(session);
        if (seen.external) {
            census.sessions[name_of(session.protocol)]++;
            census.hosts[seen.internal.address].sessions++;
        }
    });
}

void count_hosts(const RunDirectory& directory, Census& census) {
    const FileDescriptor map =
        open_pinned_map(directory, "hosts", sizeof(ctgate_host_key), sizeof(ctgate_host));
    ctgate_host_key key{};
    for (const ctgate_host_key* previous = nullptr;
         bpf_map_get_next_key(map.get(), previous, &key) == 0; previous = &key) {
        ctgate_host counted{};
        if (bpf_map_lookup_elem(map.get(), &key, &counted) != 0) {
            continue;
        }
        const std::uint64_t refused = std::accumulate(std::begin(counted.refused),
                                                      std::end(counted.refused), std::uint64_t{});
        if (counted.ports != 0 || refused != 0) {
            HostCensus& host = census.hosts[IpAddress{key.address.words[0]}];
            host.ports += counted.ports;
            host.refused += refused;
        }
    }
}

std::uint64_t count_records(const RunDirectory& directory) {
    std::uint64_t sum = 0;
    const FileDescriptor map = open_pinned_map(directory, "session_cache", sizeof(ctgate_cache_key),
                                               sizeof(ctgate_cache_record));
    for_each_record(map.get(), [&](const ctgate_cache_key&, const ctgate_cache_record&) { ++sum; });
    return sum;
}

}  // namespace

Census take_census() {
    Census census;
    for (const char* protocol : {"tcp", "udp", "icmp", "other"}) {
        census.sessions[protocol] = 0;
    }
    count_sessions(census);
    if (const auto directory = RunDirectory::find()) {
        count_hosts(*directory, census);
        census.ports = read_port_use(*directory);
        census.cache_records = count_records(*directory);
    }
    return census;
}

}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/tuple_lookup.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <system_error>

#include "control/conntrack_names.hpp"
#include "control/fd.hpp"
#include "ctgate/lookup.h"
// After the types of its global variables.
#include "lookup.skel.h"

namespace ctgate {
namespace {

constexpr std::array<LookupError, 6> documented = {{
    {ENOENT, "ENOENT", "there is no entry for this tuple, in either direction"},
    {EINVAL, "EINVAL",
     "an argument is wrong: the size of the options, a reserved byte, or a netns_id below -1"},
    {EPROTO, "EPROTO", "the protocol is neither TCP nor UDP; the kfuncs know no others"},
    {ENONET, "ENONET", "no network namespace has this id, as seen from the current one"},
    {EAFNOSUPPORT, "EAFNOSUPPORT", "the size of the tuple is neither that of IPv4 nor of IPv6"},
    {ENOMEM, "ENOMEM", "the table is full, or the kernel is out of memory"},
}};

struct DestroySkeleton {
    void operator()(lookup_bpf* skeleton) const { lookup_bpf::destroy(skeleton); }
};
using Skeleton = std::unique_ptr<lookup_bpf, DestroySkeleton>;

Skeleton load() {
    Skeleton skeleton(lookup_bpf::open_and_load());
    if (!skeleton) {
        throw std::system_error(
            errno, std::generic_category(),
            "Cannot load the look-up program (it needs Linux 6.1 with BTF, the modules "
            "nf_conntrack and nf_nat where they are not built in, and CAP_BPF, CAP_NET_ADMIN and "
            "CAP_PERFMON)");
    }
    return skeleton;
}

void run(const Skeleton& skeleton) {
    std::array<char, 64> frame{};  // any packet will do; ETH_HLEN is the kernel's minimum
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = frame.size();
    options.repeat = 1;
    const int program = bpf_program__fd(skeleton->progs.lookup_tuple);
    if (bpf_prog_test_run_opts(program, &options) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot run the look-up program");
    }
}

// The kernel's tick: this clock advances once per jiffy.
std::int64_t nanoseconds_per_jiffy() {
    timespec resolution{};
    if (::clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) != 0 || resolution.tv_nsec == 0) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot find out the kernel's tick length");
    }
    return resolution.tv_nsec;
}

std::uint32_t to_seconds(std::int32_t jiffies) {
    return static_cast<std::uint32_t>(std::max(jiffies, 0) * nanoseconds_per_jiffy() /
                                      1'000'000'000);
}

ctgate_lookup_tuple to_tuple(const TupleQuery& query) {
    return {.source = query.source.address.v4,
            .destination = query.destination.address.v4,
            .source_port = htons(query.source.port),
            .destination_port = htons(query.destination.port)};
}

Endpoint endpoint(in_addr_t address, in_port_t port) {
    return {.address = {address}, .port = ntohs(port)};
}

Session to_session(std::uint8_t protocol, const ctgate_lookup_answer& answer) {
    const ctgate_lookup_tuple& original = answer.tuples[0];
    const ctgate_lookup_tuple& reply = answer.tuples[1];
    Session session;
    session.protocol = protocol;
    if (protocol == IPPROTO_TCP) {
        session.state = conntrack::tcp_state_name(answer.tcp_state);
    }
    session.source = endpoint(original.source, original.source_port);
    session.destination = endpoint(original.destination, original.destination_port);
    session.reply_source = endpoint(reply.source, reply.source_port);
    session.reply_destination = endpoint(reply.destination, reply.destination_port);
    session.status = static_cast<std::uint32_t>(answer.status);
    session.mark = answer.mark;
    session.timeout = to_seconds(answer.timeout);
    return session;
}

}  // namespace

TupleAnswer look_up(const TupleQuery& query) {
    const Skeleton skeleton = load();
    skeleton->bss->request = {.tuple = to_tuple(query),
                              .netns_id = query.netns_id,
                              .protocol = query.protocol,
                              .reserved = {}};
    run(skeleton);
    const ctgate_lookup_answer answer = skeleton->bss->answer;
    if (answer.error != 0) {
        return {.error = -answer.error, .reply = false, .session = {}};
    }
    return {
        .error = 0, .reply = answer.direction != 0, .session = to_session(query.protocol, answer)};
}

LookupError lookup_error(int number) {
    const auto* const found =
        std::find_if(documented.begin(), documented.end(),
                     [&](const LookupError& error) { return error.number == number; });
    if (found != documented.end()) {
        return *found;
    }
    return {number, "unknown", "an error that this version of ctgate does not know"};
}

}  // namespace ctgate

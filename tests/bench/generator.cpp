// SPDX-License-Identifier: GPL-2.0-only
#include "bench/generator.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "bench/device.hpp"
#include "control/netns.hpp"

namespace ctgate::bench {
namespace {

constexpr std::uint32_t batch = 64;

struct Headers {
    ethhdr ethernet;
    iphdr ip;
    udphdr udp;
} __attribute__((packed));
static_assert(sizeof(Headers) == BENCH_HEADER_LENGTH);

// Unfolded.
std::uint32_t sum_of(const void* data, std::size_t length) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < length; i += sizeof(std::uint16_t)) {
        std::uint16_t word = 0;
        std::memcpy(&word, static_cast<const char*>(data) + i, sizeof(word));
        sum += word;
    }
    return sum;
}

Headers headers(const Mac& from, const Mac& to, IpAddress source) {
    Headers result{};
    std::copy(to.begin(), to.end(), std::begin(result.ethernet.h_dest));
    std::copy(from.begin(), from.end(), std::begin(result.ethernet.h_source));
    result.ethernet.h_proto = htons(ETH_P_IP);
    result.ip.version = 4;
    result.ip.ihl = sizeof(iphdr) / sizeof(std::uint32_t);
    result.ip.tot_len = htons(BENCH_FRAME_LENGTH - sizeof(ethhdr));
    result.ip.frag_off = htons(0x4000);  // do not fragment
    result.ip.ttl = 64;
    result.ip.protocol = IPPROTO_UDP;
    result.ip.saddr = source.v4;
    result.udp.dest = htons(BENCH_REMOTE_PORT);
    result.udp.len = htons(BENCH_FRAME_LENGTH - sizeof(ethhdr) - sizeof(iphdr));
    return result;
}

bench_plan plan(const Headers& headers, int ifindex) {
    bench_plan result{};
    std::memcpy(result.header, &headers, sizeof(headers));
    result.ip_sum = sum_of(&headers.ip, sizeof(headers.ip));
    // The pseudo header has the length once more; what follows the UDP header is zeroes.
    result.udp_sum = sum_of(&headers.ip.saddr, sizeof(headers.ip.saddr)) + headers.udp.len +
                     htons(IPPROTO_UDP) + sum_of(&headers.udp, sizeof(headers.udp));
    result.ifindex = static_cast<std::uint32_t>(ifindex);
    result.flows = 1;
    return result;
}

}  // namespace

Generator::Generator(const Network& network, const Internal& from) : network_(network) {
    Mac router{};
    {
        const netns::Scope scope(network.router());
        router = mac_of(from.router_interface);
    }
    const netns::Scope scope(network.client());
    skeleton_.load();
    skeleton_->bss->plan = plan(headers(mac_of(from.client_interface), router, from.client),
                                ifindex_of(from.client_interface));
}

double Generator::send(const Flows& flows, std::uint32_t packets) {
    bench_plan& plan = skeleton_->bss->plan;
    plan.first = flows.first;
    plan.flows = flows.count;
    plan.next = 0;
    std::array<char, BENCH_FRAME_LENGTH> frame{};
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = frame.size();
    options.repeat = static_cast<int>(packets);
    options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    options.batch_size = batch;
    const netns::Scope scope(network_.client());
    if (bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.generate), &options) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot generate packets (needs Linux 5.18)");
    }
    return options.duration;
}

}  // namespace ctgate::bench

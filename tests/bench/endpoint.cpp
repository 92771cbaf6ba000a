// SPDX-License-Identifier: GPL-2.0-only
#include "bench/endpoint.hpp"

#include <bpf/bpf.h>

#include <numeric>

#include "control/netns.hpp"

namespace ctgate::bench {

Endpoint::Endpoint(const FileDescriptor& netns, const std::vector<std::string>& interfaces,
                   Hook hook) {
    skeleton_.load();
    const bpf_program* program =
        hook == Hook::xdp ? skeleton_->progs.endpoint_xdp : skeleton_->progs.endpoint_tc;
    const netns::Scope scope(netns);
    for (const std::string& interface : interfaces) {
        attachments_.push_back(std::make_unique<Attachment>(interface, program));
    }
}

std::uint64_t Endpoint::arrived() const {
    constexpr std::uint32_t only = 0;
    std::vector<std::uint64_t> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.arrived), &only, per_cpu.data()) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot read a packet counter");
    }
    return std::accumulate(per_cpu.begin(), per_cpu.end(), std::uint64_t{0});
}

}  // namespace ctgate::bench

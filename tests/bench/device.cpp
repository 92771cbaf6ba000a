// SPDX-License-Identifier: GPL-2.0-only
#include "bench/device.hpp"

#include <bpf/bpf.h>
#include <fmt/core.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "control/netns.hpp"

namespace ctgate::bench {
namespace {

// include/uapi/linux/bpf.h since 6.6; libbpf knows it since 1.3.
constexpr auto tcx_ingress = static_cast<bpf_attach_type>(46);

constexpr std::uint32_t filter_priority = 1;

[[noreturn]] void fail(int error, const std::string& what, const std::string& interface) {
    throw std::system_error(error, std::generic_category(),
                            fmt::format("{} interface '{}'", what, interface));
}

ifreq request(int command, const std::string& interface, void* data, const char* what) {
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq result{};
    std::strncpy(result.ifr_name, interface.c_str(), IFNAMSIZ - 1);
    if (data != nullptr) {
        result.ifr_data = static_cast<char*>(data);
    }
    if (!socket || ::ioctl(socket.get(), static_cast<unsigned long>(command), &result) != 0) {
        fail(errno, what, interface);
    }
    return result;
}

}  // namespace

int ifindex_of(const std::string& interface) {
    const unsigned index = ::if_nametoindex(interface.c_str());
    if (index == 0) {
        fail(errno, "Cannot find", interface);
    }
    return static_cast<int>(index);
}

Mac mac_of(const std::string& interface) {
    const ifreq found =
        request(SIOCGIFHWADDR, interface, nullptr, "Cannot read the Ethernet address of");
    Mac mac{};
    std::copy_n(found.ifr_hwaddr.sa_data, mac.size(), mac.begin());
    return mac;
}

void enable_gro(const std::string& interface) {
    ethtool_value value{ETHTOOL_SGRO, 1};
    request(SIOCETHTOOL, interface, &value, "Cannot turn GRO on for");
}

void complete_checksums(const std::string& interface) {
    ethtool_value value{ETHTOOL_STXCSUM, 0};
    request(SIOCETHTOOL, interface, &value, "Cannot turn checksum offload off for");
}

void set_queues(const std::string& interface, unsigned number) {
    ethtool_channels channels{};
    channels.cmd = ETHTOOL_GCHANNELS;
    request(SIOCETHTOOL, interface, &channels, "Cannot read the queues of");
    channels.cmd = ETHTOOL_SCHANNELS;
    channels.rx_count = number;
    channels.tx_count = number;
    request(SIOCETHTOOL, interface, &channels, "Cannot set the queues of");
}

Attachment::Attachment(const std::string& interface, const bpf_program* program) {
    const int index = ifindex_of(interface);
    const int descriptor = bpf_program__fd(program);
    if (bpf_program__type(program) == BPF_PROG_TYPE_XDP) {
        LIBBPF_OPTS(bpf_link_create_opts, native);
        native.flags = XDP_FLAGS_DRV_MODE;
        link_ = FileDescriptor(bpf_link_create(descriptor, index, BPF_XDP, &native));
        if (!link_) {
            fail(errno, "Cannot attach an XDP program to", interface);
        }
        return;
    }
    link_ = FileDescriptor(bpf_link_create(descriptor, index, tcx_ingress, nullptr));
    if (!link_) {
        attach_clsact(interface, descriptor);
    }
}

void Attachment::attach_clsact(const std::string& interface, int program) {
    hook_.sz = sizeof(hook_);
    hook_.ifindex = ifindex_of(interface);
    hook_.attach_point = BPF_TC_INGRESS;
    if (const int error = bpf_tc_hook_create(&hook_); error != 0 && error != -EEXIST) {
        fail(-error, "Cannot add clsact to", interface);
    }
    bpf_tc_opts options{};
    options.sz = sizeof(options);
    options.handle = 1;
    options.priority = filter_priority;
    options.prog_fd = program;
    if (const int error = bpf_tc_attach(&hook_, &options); error != 0) {
        fail(-error, "Cannot attach a TC program to", interface);
    }
    netns_ = netns::open_current();
}

Attachment::~Attachment() {
    if (netns_) {
        const netns::Scope scope(netns_);
        bpf_tc_opts options{};
        options.sz = sizeof(options);
        options.handle = 1;
        options.priority = filter_priority;
        bpf_tc_detach(&hook_, &options);
    }
}

}  // namespace ctgate::bench

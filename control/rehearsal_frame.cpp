// SPDX-License-Identifier: GPL-2.0-only
#include "control/rehearsal_frame.hpp"

#include <fmt/core.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "control/fd.hpp"
#include "control/selftest_packet.hpp"

namespace ctgate {
namespace {

// Zeroes where it has none; the kernel compares no more.
std::array<std::uint8_t, ETH_ALEN> hardware_address(const Link& link) {
    std::array<std::uint8_t, ETH_ALEN> address{};
    if (!link.ethernet) {
        return address;
    }
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    link.name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (!socket || ::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                fmt::format("Cannot read the hardware address of '{}'", link.name));
    }
    std::copy_n(request.ifr_hwaddr.sa_data, address.size(), address.begin());
    return address;
}

}  // namespace

std::vector<std::uint8_t> rehearsal_frame(const RehearsedPacket& packet) {
    const auto destination = hardware_address(packet.arrival);
    std::vector<std::uint8_t> frame(destination.begin(), destination.end());
    frame.resize(std::size_t{2} * ETH_ALEN, 0x02);  // from some locally administered address
    frame.push_back(ETHERTYPE_IP >> 8);
    frame.push_back(ETHERTYPE_IP & 0xff);
    const selftest::Bytes bytes =
        packet.protocol == IPPROTO_TCP
            ? selftest::tcp_packet(packet.source, packet.destination, {.flags = packet.tcp_flags})
            : selftest::udp_packet(packet.source, packet.destination, "");
    frame.insert(frame.end(), bytes.begin(), bytes.end());
    return frame;
}

}  // namespace ctgate

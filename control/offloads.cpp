// SPDX-License-Identifier: GPL-2.0-only
#include "control/offloads.hpp"

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdint>

#include "control/fd.hpp"

namespace ctgate {
namespace {

std::optional<std::uint32_t> ask(int socket, const std::string& interface, std::uint32_t command) {
    ethtool_value value{.cmd = command, .data = 0};
    ifreq request{};
    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&value);
    if (::ioctl(socket, SIOCETHTOOL, &request) != 0) {
        return std::nullopt;
    }
    return value.data;
}

}  // namespace

std::optional<Offloads> offloads_of(const std::string& interface) {
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto flags = ask(socket.get(), interface, ETHTOOL_GFLAGS);
    const auto gro = ask(socket.get(), interface, ETHTOOL_GGRO);
    if (!flags || !gro) {
        return std::nullopt;
    }
    return Offloads{.lro = (*flags & ETH_FLAG_LRO) != 0, .gro = *gro != 0};
}

}  // namespace ctgate

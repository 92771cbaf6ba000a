// SPDX-License-Identifier: GPL-2.0-only
// The kernel's list of sockets against sockets opened here, in a network namespace of their own;
// root.
#include "control/local_ports.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <cerrno>
#include <ostream>
#include <string>
#include <system_error>

#include "tests/bpf/scratch_netns.hpp"

namespace ctgate {

void PrintTo(const LocalPort& port, std::ostream* stream) {
    *stream << fmt::format("{} {}:{}", port.protocol, port.address.text(), port.port);
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

LocalPort tcp(const char* address, std::uint16_t port) {
    return {IPPROTO_TCP, IpAddress::parse(address).value(), port};
}

LocalPort udp(const char* address, std::uint16_t port) {
    return {IPPROTO_UDP, IpAddress::parse(address).value(), port};
}

void require(bool done, const char* what) {
    if (!done) {
        throw std::system_error(errno, std::generic_category(), what);
    }
}

sockaddr_in6 v6(const char* address, std::uint16_t port) {
    sockaddr_in6 result{};
    result.sin6_family = AF_INET6;
    result.sin6_port = htons(port);
    require(::inet_pton(AF_INET6, address, &result.sin6_addr) == 1, address);
    return result;
}

sockaddr_in v4(const char* address, std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    require(::inet_pton(AF_INET, address, &result.sin_addr) == 1, address);
    return result;
}

template <typename Address>
FileDescriptor bound(int type, const Address& address, bool v6_only = false) {
    FileDescriptor socket(
        ::socket(reinterpret_cast<const sockaddr&>(address).sa_family, type | SOCK_CLOEXEC, 0));
    require(static_cast<bool>(socket), "socket");
    if constexpr (std::is_same_v<Address, sockaddr_in6>) {
        const int value = v6_only ? 1 : 0;
        require(::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof(value)) == 0,
                "IPV6_V6ONLY");
    }
    require(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0,
            "bind");
    return socket;
}

template <typename Address>
FileDescriptor listening(const Address& address, bool v6_only = false) {
    FileDescriptor socket = bound(SOCK_STREAM, address, v6_only);
    require(::listen(socket.get(), 1) == 0, "listen");
    return socket;
}

class LocalPortsTest : public testing::Test {
  private:
    const ScratchNetns netns_;
};

TEST_F(LocalPortsTest, NoneInAFreshNamespaceNorAfterClosing) {
    EXPECT_THAT(local_ports(), IsEmpty());
    {
        const FileDescriptor one = listening(v4("0.0.0.0", 80));
        const FileDescriptor other = bound(SOCK_DGRAM, v6("::", 53));
        EXPECT_THAT(local_ports(), ElementsAre(tcp("0.0.0.0", 80), udp("0.0.0.0", 53)));
    }
    EXPECT_THAT(local_ports(), IsEmpty());
}

TEST_F(LocalPortsTest, OfIpv4) {
    const FileDescriptor any = listening(v4("0.0.0.0", 80));
    const FileDescriptor one = listening(v4("127.0.0.2", 81));
    const FileDescriptor same_port = bound(SOCK_DGRAM, v4("127.0.0.2", 81));
    const FileDescriptor highest = bound(SOCK_DGRAM, v4("127.0.0.1", 65535));
    const FileDescriptor not_bound(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    EXPECT_THAT(local_ports(), ElementsAre(tcp("0.0.0.0", 80), tcp("127.0.0.2", 81),
                                           udp("127.0.0.1", 65535), udp("127.0.0.2", 81)));
}

TEST_F(LocalPortsTest, OfIpv6AsFarAsIpv4ReachesThem) {
    const FileDescriptor dual = listening(v6("::", 80));
    const FileDescriptor only = listening(v6("::", 81), true);
    const FileDescriptor other = listening(v6("::1", 82));
    const FileDescriptor mapped = listening(v6("::ffff:127.0.0.3", 83));
    const FileDescriptor dual_udp = bound(SOCK_DGRAM, v6("::", 90));
    const FileDescriptor only_udp = bound(SOCK_DGRAM, v6("::", 91), true);
    const FileDescriptor mapped_udp = bound(SOCK_DGRAM, v6("::ffff:127.0.0.3", 93));
    EXPECT_THAT(local_ports(), ElementsAre(tcp("0.0.0.0", 80), tcp("127.0.0.3", 83),
                                           udp("0.0.0.0", 90), udp("127.0.0.3", 93)));
}

TEST_F(LocalPortsTest, ConnectedOnesWithTheirEphemeralPorts) {
    const sockaddr_in server = v4("127.0.0.1", 80);
    const FileDescriptor listener = listening(server);
    const FileDescriptor client = bound(SOCK_STREAM, v4("127.0.0.2", 40000));
    require(
        ::connect(client.get(), reinterpret_cast<const sockaddr*>(&server), sizeof(server)) == 0,
        "connect");
    const FileDescriptor accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const FileDescriptor asking = bound(SOCK_DGRAM, v4("127.0.0.4", 41000));
    require(
        ::connect(asking.get(), reinterpret_cast<const sockaddr*>(&server), sizeof(server)) == 0,
        "connect");
    EXPECT_THAT(local_ports(), ElementsAre(tcp("127.0.0.1", 80), tcp("127.0.0.2", 40000),
                                           udp("127.0.0.4", 41000)));
}

TEST_F(LocalPortsTest, ManyTakeSeveralReads) {
    std::vector<FileDescriptor> sockets;
    std::vector<LocalPort> expected;
    for (std::uint16_t port = 1; port <= 800; ++port) {
        sockets.push_back(bound(SOCK_DGRAM, v4("127.0.0.1", port)));
        expected.push_back(udp("127.0.0.1", port));
    }
    EXPECT_EQ(local_ports(), expected);
}

TEST_F(LocalPortsTest, OfOtherNamespacesNone) {
    const FileDescriptor here = listening(v4("0.0.0.0", 80));
    const ScratchNetns there;
    EXPECT_THAT(local_ports(), IsEmpty());
}

}  // namespace
}  // namespace ctgate

// SPDX-License-Identifier: GPL-2.0-only
#include "control/selftest_wire.hpp"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "control/netns.hpp"

namespace ctgate::selftest {
namespace {

using Clock = std::chrono::steady_clock;

// Nobody reads while a check waits elsewhere.
constexpr int receive_buffer = 16 << 20;

void require(bool done, const char* what) {
    if (!done) {
        throw std::system_error(errno, std::generic_category(), what);
    }
}

sockaddr_ll link_address(int interface, const Mac& mac) {
    sockaddr_ll result{};
    result.sll_family = AF_PACKET;
    result.sll_protocol = htons(ETH_P_IP);
    result.sll_ifindex = interface;
    result.sll_halen = static_cast<unsigned char>(mac.size());
    std::copy(mac.begin(), mac.end(), result.sll_addr);
    return result;
}

}  // namespace

bool wait_until_readable(const FileDescriptor& fd, std::chrono::milliseconds limit,
                         const Interrupts& interrupts) {
    const auto deadline = Clock::now() + limit;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        std::array<pollfd, 2> events{{{fd.get(), POLLIN, 0}, {interrupts.fd(), POLLIN, 0}}};
        const int ready =
            ::poll(events.data(), events.size(), static_cast<int>(std::max<long>(left.count(), 0)));
        if (events[1].revents != 0) {
            throw Interrupted();
        }
        if (ready >= 0 || errno != EINTR) {
            return ready > 0;
        }
    }
}

Wire::Wire(const Host& host, const Interrupts& interrupts)
    : interrupts_(interrupts), gateway_(host.gateway) {
    const netns::Scope scope(host.netns);
    socket_ = FileDescriptor(
        ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IP)));
    require(bool(socket_), "Cannot open a packet socket (needs CAP_NET_RAW)");
    interface_ = static_cast<int>(::if_nametoindex("eth0"));
    const sockaddr_ll own = link_address(interface_, {});
    require(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&own), sizeof(own)) == 0,
            "Cannot bind a packet socket");
    const int on = 1;
    require(::setsockopt(socket_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) == 0,
            "Cannot make a packet socket ignore what goes out");
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer,
                 sizeof(receive_buffer));
}

void Wire::send(const Bytes& packet) {
    const sockaddr_ll to = link_address(interface_, gateway_);
    require(::sendto(socket_.get(), packet.data(), packet.size(), 0,
                     reinterpret_cast<const sockaddr*>(&to), sizeof(to)) >= 0,
            "Cannot send a packet");
}

void Wire::drain() {
    std::array<std::uint8_t, 65536> buffer{};
    ssize_t length = 0;
    while ((length = ::recv(socket_.get(), buffer.data(), buffer.size(), 0)) >= 0) {
        if (auto packet = parse_packet({buffer.begin(), buffer.begin() + length})) {
            packets_.push_back(std::move(*packet));
        }
    }
}

std::size_t Wire::now() {
    drain();
    return packets_.size();
}

std::optional<Packet> Wire::find(std::size_t since, const Predicate& wanted,
                                 std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    for (;;) {
        drain();
        const auto found = std::find_if(packets_.begin() + static_cast<std::ptrdiff_t>(since),
                                        packets_.end(), wanted);
        if (found != packets_.end()) {
            return *found;
        }
        since = packets_.size();
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0 || !wait_until_readable(socket_, left, interrupts_)) {
            return std::nullopt;
        }
    }
}

std::vector<Packet> Wire::all(std::size_t since, const Predicate& wanted) {
    drain();
    std::vector<Packet> result;
    std::copy_if(packets_.begin() + static_cast<std::ptrdiff_t>(since), packets_.end(),
                 std::back_inserter(result), wanted);
    return result;
}

}  // namespace ctgate::selftest

// SPDX-License-Identifier: GPL-2.0-only
// libnl's idiag knows TCP only, and not whether an IPv6 socket takes IPv4; hence libmnl.
#include "control/local_ports.hpp"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <system_error>

#include "control/netlink_answer.hpp"

namespace ctgate {
namespace {

using Socket = std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)>;

// The kernel fills up to this much per read of a dump (netlink_recvmsg, since Linux 4.12).
constexpr std::size_t buffer_size = 32768;

[[noreturn]] void fail(int error) {
    throw std::system_error(error, std::generic_category(),
                            "Cannot list the sockets of this network namespace");
}

Socket open_socket() {
    Socket socket(mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC), &mnl_socket_close);
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
        fail(errno);
    }
    return socket;
}

// One dump has the sockets of one family and protocol.
void ask(mnl_socket* socket, std::uint8_t family, std::uint8_t protocol, std::uint32_t sequence) {
    std::array<char, 128> buffer{};
    nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
    message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    message->nlmsg_seq = sequence;
    auto* request = static_cast<inet_diag_req_v2*>(
        mnl_nlmsg_put_extra_header(message, sizeof(inet_diag_req_v2)));
    request->sdiag_family = family;
    request->sdiag_protocol = protocol;
    request->idiag_states = ~(std::uint32_t{1} << TCP_TIME_WAIT);
    if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0) {
        fail(errno);
    }
}

// The kernel says so of sockets that listen or are not connected; of others the address does.
bool is_v6_only(const nlmsghdr* message) {
    bool only = false;
    mnl_attr_parse(
        message, sizeof(inet_diag_msg),
        [](const nlattr* attribute, void* result) {
            if (mnl_attr_get_type(attribute) == INET_DIAG_SKV6ONLY) {
                *static_cast<bool*>(result) = mnl_attr_get_u8(attribute) != 0;
            }
            return MNL_CB_OK;
        },
        &only);
    return only;
}

// nullopt: no IPv4 packet reaches this socket.
std::optional<IpAddress> address_of(const nlmsghdr* message, const inet_diag_msg& socket) {
    if (socket.idiag_family == AF_INET) {
        return IpAddress{socket.id.idiag_src[0]};
    }
    in6_addr address{};
    std::memcpy(&address, socket.id.idiag_src, sizeof(address));
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
        return IpAddress{socket.id.idiag_src[3]};
    }
    if (IN6_IS_ADDR_UNSPECIFIED(&address) && !is_v6_only(message)) {
        return IpAddress{};
    }
    return std::nullopt;
}

void add(const nlmsghdr* message, std::uint8_t protocol, std::set<LocalPort>& ports) {
    if (mnl_nlmsg_get_payload_len(message) < sizeof(inet_diag_msg)) {
        return;
    }
    const auto& socket = *static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(message));
    const std::uint16_t port = ntohs(socket.id.idiag_sport);
    const std::optional<IpAddress> address = address_of(message, socket);
    if (address && port != 0) {
        ports.insert({protocol, *address, port});
    }
}

// 0 or an error number.
int receive(mnl_socket* socket, std::uint32_t sequence, std::uint8_t protocol,
            std::set<LocalPort>& ports) {
    alignas(nlmsghdr) std::array<char, buffer_size> buffer;
    for (;;) {
        const ssize_t size = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
        if (size < 0 && errno != EINTR) {
            return errno;
        }
        int left = static_cast<int>(size);
        const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
        for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
            if (message->nlmsg_seq != sequence) {
                continue;
            }
            if (const int error = end_of_answer(message); error >= 0) {
                return error;
            }
            add(message, protocol, ports);
        }
    }
}

}  // namespace

std::vector<LocalPort> local_ports() {
    const Socket socket = open_socket();
    std::set<LocalPort> ports;
    std::uint32_t sequence = 0;
    for (const std::uint8_t protocol : {IPPROTO_TCP, IPPROTO_UDP}) {
        for (const std::uint8_t family : {AF_INET, AF_INET6}) {
            ask(socket.get(), family, protocol, ++sequence);
            if (const int error = receive(socket.get(), sequence, protocol, ports); error != 0) {
                fail(error);
            }
        }
    }
    return {ports.begin(), ports.end()};
}

}  // namespace ctgate

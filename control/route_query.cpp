// SPDX-License-Identifier: GPL-2.0-only
#include "control/route_query.hpp"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <vector>

namespace ctgate {
namespace {

using Socket = std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)>;

constexpr unsigned sequence = 1;
constexpr unsigned address_bits = 32;

[[noreturn]] void fail() {
    throw std::system_error(errno, std::generic_category(), "Cannot ask the kernel for a route");
}

void put(const RouteQuestion& question, nlmsghdr* message) {
    message->nlmsg_type = RTM_GETROUTE;
    message->nlmsg_flags = NLM_F_REQUEST;
    message->nlmsg_seq = sequence;
    auto* route = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)));
    route->rtm_family = AF_INET;
    route->rtm_dst_len = address_bits;
    mnl_attr_put_u32(message, RTA_DST, question.destination.v4);
    if (question.source) {
        route->rtm_src_len = address_bits;
        mnl_attr_put_u32(message, RTA_SRC, question.source->v4);
    }
    if (question.input != 0) {
        mnl_attr_put_u32(message, RTA_IIF, static_cast<std::uint32_t>(question.input));
    }
}

int take_attribute(const nlattr* attribute, void* data) {
    auto* answer = static_cast<RouteAnswer*>(data);
    switch (mnl_attr_get_type(attribute)) {
        case RTA_OIF:
            answer->output = static_cast<int>(mnl_attr_get_u32(attribute));
            break;
        case RTA_GATEWAY:
            answer->gateway = IpAddress{mnl_attr_get_u32(attribute)};
            break;
        default:
            break;
    }
    return MNL_CB_OK;
}

int take(const nlmsghdr* message, void* data) {
    auto* answer = static_cast<RouteAnswer*>(data);
    const auto* route = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
    answer->local = route->rtm_type == RTN_LOCAL;
    if (route->rtm_type != RTN_LOCAL && route->rtm_type != RTN_UNICAST) {
        answer->problem = "it is no unicast route";
    }
    return mnl_attr_parse(message, sizeof(rtmsg), take_attribute, data);
}

}  // namespace

RouteAnswer query_route(const RouteQuestion& question) {
    const Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC), &mnl_socket_close);
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
        fail();
    }
    std::vector<char> buffer(MNL_SOCKET_BUFFER_SIZE);
    nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
    put(question, message);
    if (mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0) {
        fail();
    }
    const ssize_t length = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
    if (length < 0) {
        fail();
    }
    RouteAnswer answer;
    if (mnl_cb_run(buffer.data(), static_cast<std::size_t>(length), sequence,
                   mnl_socket_get_portid(socket.get()), take, &answer) < 0) {
        answer.problem = std::generic_category().message(errno);
    }
    return answer;
}

}  // namespace ctgate

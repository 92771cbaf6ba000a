// SPDX-License-Identifier: GPL-2.0-only
#include "control/xdp_features.hpp"

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

#include "control/netlink_objects.hpp"

namespace ctgate::xdp {
namespace {

using netlink::allocated;

// Of include/uapi/linux/netdev.h, which Debian 12 does not have.
constexpr int command_dev_get = 1;
constexpr int attribute_ifindex = 1;
constexpr int attribute_features = 3;

using SocketPointer = std::unique_ptr<nl_sock, netlink::Free<nl_socket_free>>;
using MessagePointer = std::unique_ptr<nl_msg, netlink::Free<nlmsg_free>>;

int take_features(nl_msg* message, void* result) {
    nlattr* attributes[attribute_features + 1] = {};
    if (genlmsg_parse(nlmsg_hdr(message), 0, attributes, attribute_features, nullptr) == 0 &&
        attributes[attribute_features] != nullptr) {
        *static_cast<std::optional<std::uint64_t>*>(result) =
            nla_get_u64(attributes[attribute_features]);
    }
    return NL_OK;
}

}  // namespace

std::optional<std::uint64_t> features(int ifindex) {
    std::optional<std::uint64_t> result;
    const SocketPointer socket(allocated(nl_socket_alloc()));
    netlink::check(genl_connect(socket.get()), "Cannot open a generic netlink socket");
    const int family = genl_ctrl_resolve(socket.get(), "netdev");
    if (family < 0) {
        return std::nullopt;
    }
    const MessagePointer request(allocated(nlmsg_alloc()));
    allocated(
        genlmsg_put(request.get(), NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, 0, command_dev_get, 1));
    netlink::check(nla_put_u32(request.get(), attribute_ifindex, static_cast<unsigned>(ifindex)),
                   "Cannot ask for the XDP features of an interface");
    nl_socket_modify_cb(socket.get(), NL_CB_VALID, NL_CB_CUSTOM, &take_features, &result);
    // An error, such as that of an interface that has gone, says nothing either.
    if (nl_send_auto(socket.get(), request.get()) < 0 || nl_recvmsgs_default(socket.get()) < 0) {
        return std::nullopt;
    }
    return result;
}

}  // namespace ctgate::xdp

// SPDX-License-Identifier: GPL-2.0-only
#include "control/netlink_answer.hpp"

namespace ctgate {

int end_of_answer(const nlmsghdr* message) {
    if (message->nlmsg_type == NLMSG_DONE) {
        const int status = mnl_nlmsg_get_payload_len(message) >= sizeof(int)
                               ? *static_cast<const int*>(mnl_nlmsg_get_payload(message))
                               : 0;
        return status < 0 ? -status : 0;
    }
    if (message->nlmsg_type == NLMSG_ERROR) {
        return -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message))->error;
    }
    return -1;
}

}  // namespace ctgate

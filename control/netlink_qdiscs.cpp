// SPDX-License-Identifier: GPL-2.0-only
// What stands on the TC hooks of an interface.
#include <linux/pkt_sched.h>
#include <netlink/route/classifier.h>
#include <netlink/route/qdisc.h>

#include <string_view>

#include "control/netlink.hpp"
#include "control/netlink_objects.hpp"

namespace ctgate {

using netlink::CachePointer;
using netlink::check;

bool Netlink::has_clsact(int ifindex) {
    nl_cache* cache = nullptr;
    check(rtnl_qdisc_alloc_cache(socket_.get(), &cache), "Cannot list the qdiscs");
    const CachePointer owner(cache);
    for (nl_object* each = nl_cache_get_first(cache); each; each = nl_cache_get_next(each)) {
        rtnl_tc* qdisc = TC_CAST(reinterpret_cast<rtnl_qdisc*>(each));
        const char* kind = rtnl_tc_get_kind(qdisc);
        if (rtnl_tc_get_ifindex(qdisc) == ifindex && kind != nullptr &&
            std::string_view(kind) == "clsact") {
            return true;
        }
    }
    return false;
}

namespace {

// Empty when there is no such interface or qdisc.
CachePointer filters_of(nl_sock* socket, int ifindex, std::uint32_t hook) {
    nl_cache* cache = nullptr;
    const int error = rtnl_cls_alloc_cache(socket, ifindex, TC_H_MAKE(TC_H_CLSACT, hook), &cache);
    if (error == -NLE_NODEV || error == -NLE_OBJ_NOTFOUND) {
        return {};
    }
    check(error, "Cannot list the filters");
    return CachePointer(cache);
}

}  // namespace

bool Netlink::has_filter(int ifindex, bool ingress, unsigned priority) {
    const CachePointer filters =
        filters_of(socket_.get(), ifindex, ingress ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
    nl_object* each = filters ? nl_cache_get_first(filters.get()) : nullptr;
    for (; each; each = nl_cache_get_next(each)) {
        if (rtnl_cls_get_prio(reinterpret_cast<rtnl_cls*>(each)) == priority) {
            return true;
        }
    }
    return false;
}

bool Netlink::has_filters(int ifindex) {
    for (const std::uint32_t hook : {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS}) {
        const CachePointer filters = filters_of(socket_.get(), ifindex, hook);
        if (filters && nl_cache_nitems(filters.get()) > 0) {
            return true;
        }
    }
    return false;
}

}  // namespace ctgate

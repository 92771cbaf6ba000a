// SPDX-License-Identifier: GPL-2.0-only
// Owners of libnl's objects and its errors as exceptions; shared by the netlink*.cpp files only.
#pragma once

#include <fmt/core.h>
#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "control/ip.hpp"

namespace ctgate::netlink {

// Deletes by the function given as template argument.
template <auto function>
struct Free {
    template <typename Object>
    void operator()(Object* object) const {
        function(object);
    }
};

using LinkPointer = std::unique_ptr<rtnl_link, Free<rtnl_link_put>>;
using AddressPointer = std::unique_ptr<nl_addr, Free<nl_addr_put>>;
using InterfaceAddressPointer = std::unique_ptr<rtnl_addr, Free<rtnl_addr_put>>;
using RoutePointer = std::unique_ptr<rtnl_route, Free<rtnl_route_put>>;
using NexthopPointer = std::unique_ptr<rtnl_nexthop, Free<rtnl_route_nh_free>>;
using CachePointer = std::unique_ptr<nl_cache, Free<nl_cache_free>>;

// libnl's allocators return nullptr only when memory is out.
template <typename Object>
Object* allocated(Object* object) {
    if (object == nullptr) {
        throw std::bad_alloc();
    }
    return object;
}

// Throws "WHAT: libnl's reason" for a negative result.
template <typename... Args>
void check(int result, fmt::format_string<Args...> what, Args&&... args) {
    if (result < 0) {
        throw std::runtime_error(fmt::format(
            "{}: {}", fmt::format(what, std::forward<Args>(args)...), nl_geterror(result)));
    }
}

AddressPointer to_nl_addr(IpAddress address, unsigned prefix_length);

// Throws when there is no such interface.
int index_of(nl_sock* socket, const std::string& interface);

}  // namespace ctgate::netlink

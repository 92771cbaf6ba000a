// SPDX-License-Identifier: GPL-2.0-only
#include "control/interface_move.hpp"

#include <fcntl.h>
#include <fmt/core.h>

#include <filesystem>
#include <stdexcept>

#include "control/netlink.hpp"
#include "control/netns.hpp"
#include "control/netns_id.hpp"

namespace ctgate::interface_move {
namespace {

using nlohmann::json;

std::uint64_t cookie_of(const FileDescriptor& ns) {
    const netns::Scope scope(ns);
    return netns::current_cookie();
}

FileDescriptor open_path(const std::string& path) {
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

FileDescriptor find_namespace(std::uint64_t cookie, const FileDescriptor& origin) {
    if (cookie_of(origin) == cookie) {
        return FileDescriptor(::fcntl(origin.get(), F_DUPFD_CLOEXEC, 0));
    }
    if (FileDescriptor first = open_path("/proc/1/ns/net"); first && cookie_of(first) == cookie) {
        return first;
    }
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator("/run/netns", none)) {
        const std::string name = entry.path().filename();
        if (!netns::exists(name)) {
            continue;
        }
        if (FileDescriptor ns = netns::open_named(name); cookie_of(ns) == cookie) {
            return ns;
        }
    }
    return {};
}

}  // namespace

std::optional<json> examine(const std::string& interface, const FileDescriptor& origin) {
    if (netns::same(origin, netns::open_current())) {
        return std::nullopt;
    }
    const netns::Scope scope(origin);
    Netlink netlink;
    const auto link = netlink.link(interface);
    if (!link) {
        return std::nullopt;
    }
    json addresses = json::array();
    for (const IpPrefix& each : netlink.addresses(link->index)) {
        addresses.push_back(each.text());
    }
    return json{{"kind", "move"},
                {"interface", interface},
                {"origin", netns::current_cookie()},
                {"up", link->up},
                {"addresses", addresses}};
}

void move_here(const std::string& interface, const FileDescriptor& origin) {
    const FileDescriptor here = netns::open_current();
    {
        const netns::Scope scope(origin);
        Netlink().move_link(interface, here);
    }
    Netlink().set_up(interface, true);
}

void move_back(const json& details, const FileDescriptor& origin) {
    const std::string interface = details.at("interface");
    Netlink netlink;
    if (!netlink.link(interface)) {
        return;
    }
    const FileDescriptor home = find_namespace(details.at("origin"), origin);
    if (!home) {
        throw std::runtime_error(fmt::format(
            "Interface '{}' stays: the network namespace that it came from is not to be found; "
            "'ctgate down' called from there moves it back",
            interface));
    }
    netlink.move_link(interface, home);
    const netns::Scope scope(home);
    Netlink there;
    for (const json& address : details.at("addresses")) {
        there.add_address(interface, IpPrefix::parse(address.get<std::string>()).value());
    }
    if (details.at("up")) {
        there.set_up(interface, true);
    }
}

}  // namespace ctgate::interface_move

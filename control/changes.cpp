// SPDX-License-Identifier: GPL-2.0-only
#include "control/changes.hpp"

#include <fmt/core.h>

#include <stdexcept>

#include "control/attachment.hpp"
#include "control/interface_move.hpp"
#include "control/netlink.hpp"
#include "control/netns.hpp"
#include "control/nft.hpp"
#include "control/sysctl.hpp"

namespace ctgate::changes {
namespace {

using nlohmann::json;

IpPrefix prefix_of(const json& text) {
    return IpPrefix::parse(text.get<std::string>()).value();
}

// "net/ipv4/conf/eth0/forwarding" is called otherwise when the interface was renamed.
std::string current_name(const json& details) {
    std::string name = details.at("name");
    const int ifindex = details.at("ifindex");
    const auto link = ifindex != 0 ? Netlink().link(ifindex) : std::nullopt;
    if (link) {
        const std::size_t end = name.rfind('/');
        const std::size_t begin = name.rfind('/', end - 1) + 1;
        name.replace(begin, end - begin, link->name);
    }
    return name;
}

// An interface's own switch: somebody has turned on forwarding of the whole machine after us.
bool is_forwarding_of_all(const json& details) {
    return details.at("ifindex") != 0 && details.at("before") == "0" &&
           sysctl::read("net/ipv4/conf/all/forwarding") == "1";
}

// The value is the one we have set, or the one we were about to replace when we were killed.
bool is_ours(const json& details, const std::string& value) {
    return details.at("value") == value || details.value("replaces", "") == value;
}

// Somebody who has changed the setting after us knows better; an interface may be gone.
void undo_sysctl(const json& details) {
    const std::string name = current_name(details);
    if (is_forwarding_of_all(details)) {
        return;
    }
    const auto current = sysctl::read(name);
    if (current && is_ours(details, *current)) {
        sysctl::write(name, details.at("before").get<std::string>());
    }
}

json to_json(const RouteOption& route) {
    return {{"kind", "route"},
            {"destination", route.destination.text()},
            {"via", route.via ? json(route.via->text()) : json()},
            {"interface", route.interface}};
}

RouteOption to_route(const json& details) {
    RouteOption route{prefix_of(details.at("destination")), std::nullopt, details.at("interface")};
    if (!details.at("via").is_null()) {
        route.via = IpAddress::parse(details.at("via").get<std::string>());
    }
    return route;
}

}  // namespace

bool set_sysctl(Journal& journal, const std::string& name, const std::string& value, int ifindex) {
    const auto current = sysctl::read(name);
    if (!current) {
        return false;
    }
    if (*current == value) {
        return true;
    }
    const std::string key = key_of_sysctl(name);
    // What somebody has set since we did is the state to go back to.
    const Change* earlier = journal.find(key);
    const bool ours = earlier && is_ours(earlier->details, *current);
    const json before = ours ? earlier->details.at("before") : json(*current);
    json details = {{"kind", "sysctl"},
                    {"name", name},
                    {"before", before},
                    {"value", value},
                    {"ifindex", ifindex}};
    if (ours) {
        details["replaces"] = *current;
    }
    if (!sysctl::writable(name)) {
        return false;
    }
    journal.record({key, details});
    sysctl::write(name, value);
    // The kernel rounds some values.
    const auto now = sysctl::read(name);
    if (ours || (now && *now != value)) {
        details.erase("replaces");
        details["value"] = now.value_or(value);
        journal.record({key, details});
    }
    return true;
}

std::string key_of_sysctl(const std::string& name) {
    return "sysctl " + name;
}

std::string key_of(const AddressOption& option) {
    return fmt::format("address {} {}", option.interface, option.prefix.text());
}

std::string key_of(const RouteOption& option) {
    return "route " + to_json(option).dump();
}

std::string key_of_move(const std::string& interface) {
    return "move " + interface;
}

void add_address(Journal& journal, const AddressOption& option) {
    Netlink netlink;
    if (netlink.has_address(option.interface, option.prefix)) {
        return;
    }
    journal.record(
        {key_of(option),
         {{"kind", "address"}, {"interface", option.interface}, {"prefix", option.prefix.text()}}});
    netlink.add_address(option.interface, option.prefix);
}

void add_route(Journal& journal, const RouteOption& option) {
    Netlink netlink;
    if (netlink.has_route(option)) {
        return;
    }
    journal.record({key_of(option), to_json(option)});
    netlink.add_route(option);
}

void note_netns(Journal& journal, const std::string& name) {
    journal.record({"netns", {{"kind", "netns"}, {"name", name}}});
}

void move_interface(Journal& journal, const std::string& interface, const FileDescriptor& origin) {
    const auto found = interface_move::examine(interface, origin);
    if (!found) {
        if (Netlink().link(interface)) {
            return;
        }
        throw std::runtime_error(fmt::format(
            "There is no interface '{}' to move, neither here nor in the network namespace from "
            "which ctgate was started",
            interface));
    }
    journal.record({key_of_move(interface), *found});
    interface_move::move_here(interface, origin);
}

void note_table(Journal& journal) {
    journal.record({"table", {{"kind", "table"}}});
}

void undo(const Change& change, const RunDirectory& directory, const FileDescriptor& origin) {
    const json& details = change.details;
    const std::string kind = details.at("kind");
    if (kind == "sysctl") {
        undo_sysctl(details);
    } else if (kind == "address") {
        Netlink().remove_address(details.at("interface"), prefix_of(details.at("prefix")));
    } else if (kind == "route") {
        Netlink().remove_route(to_route(details));
    } else if (kind == "netns") {
        netns::remove(details.at("name"));
    } else if (kind == "move") {
        interface_move::move_back(details, origin);
    } else if (kind == "table") {
        nft::remove_table();
    } else if (kind == "attachment" || kind == "clsact") {
        attachment::undo(change, directory);
    } else {
        throw std::runtime_error(
            fmt::format("The journal holds a change '{}' that this ctgate cannot take back", kind));
    }
}

}  // namespace ctgate::changes

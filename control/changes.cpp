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

// Somebody who has changed the setting after us knows better; an interface may be gone.
void undo_sysctl(const json& details) {
    const std::string name = details.at("name");
    if (sysctl::read(name) == details.at("value").get<std::string>()) {
        sysctl::write(name, details.at("before"));
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

bool set_sysctl(Journal& journal, const std::string& name, const std::string& value) {
    const auto current = sysctl::read(name);
    if (!current) {
        return false;
    }
    if (*current == value) {
        return true;
    }
    const std::string key = key_of_sysctl(name);
    const Change* earlier = journal.find(key);
    const json before = earlier ? earlier->details.at("before") : json(*current);
    const auto note = [&](const std::string& now) {
        journal.record(
            {key, {{"kind", "sysctl"}, {"name", name}, {"before", before}, {"value", now}}});
    };
    note(value);
    if (!sysctl::write(name, value)) {
        journal.forget(key);
        return false;
    }
    // The kernel rounds some values.
    if (const auto now = sysctl::read(name); now && *now != value) {
        note(*now);
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

// Adding tells whether it was there; so the note comes first, and goes again when it was.
void add_address(Journal& journal, const AddressOption& option) {
    const std::string key = key_of(option);
    if (journal.find(key) != nullptr) {
        Netlink().add_address(option.interface, option.prefix);
        return;
    }
    journal.record(
        {key,
         {{"kind", "address"}, {"interface", option.interface}, {"prefix", option.prefix.text()}}});
    if (!Netlink().add_address(option.interface, option.prefix)) {
        journal.forget(key);
    }
}

void add_route(Journal& journal, const RouteOption& option) {
    const std::string key = key_of(option);
    if (journal.find(key) != nullptr) {
        Netlink().add_route(option);
        return;
    }
    journal.record({key, to_json(option)});
    if (!Netlink().add_route(option)) {
        journal.forget(key);
    }
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

// SPDX-License-Identifier: GPL-2.0-only
// One ctnetlink conversation with the kernel: a dump, or changes of single entries.
#pragma once

#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "control/conntrack.hpp"

namespace ctgate::conntrack {

// Owner of one libnetfilter_conntrack object.
using Entry = std::unique_ptr<nf_conntrack, decltype(&nfct_destroy)>;
Entry make_entry();

// The attribute of a ctnetlink message, or inside another attribute; nullptr when it is absent.
const nlattr* find_attribute(const nlmsghdr* message, std::uint16_t type);
const nlattr* find_nested(const nlattr* nest, std::uint16_t type);

// `entry` has been parsed from the message.
Session to_session(const nlmsghdr* message, const nf_conntrack* entry);

class Socket {
  public:
    Socket();  // in the network namespace the thread is in now

    // What the kernel is to select; one tuple has all that are set.
    struct Filter {
        std::optional<std::uint8_t> protocol;
        std::optional<std::uint32_t> source;        // of the original tuple, network byte order
        std::optional<std::uint32_t> reply_source;  // of the reply tuple
        std::uint32_t status = 0;
        std::uint32_t status_mask = 0;  // 0: whatever it is
    };

    // The kernel's IPv4 table; `visit` sees each netlink message. Throws when it cannot be read to
    // its end.
    void dump(const std::function<void(const nlmsghdr*)>& visit, const Filter& filter);

    // Sets the bits `mask` of the mark of the entry with these original tuple, zone and id, or lets
    // its TCP packets be outside of the window, or deletes it. False when no such entry exists (any
    // more).
    bool set_mark(const nf_conntrack* key, std::uint32_t id, std::uint32_t mark,
                  std::uint32_t mask);
    bool ignore_window(const nf_conntrack* key, std::uint32_t id);
    bool erase(const nf_conntrack* key, std::uint32_t id);

    // A new entry; 0 or an error number, EEXIST when one of its tuples has an entry.
    int create(const nf_conntrack* entry);
    // The entry of this original tuple, in either direction.
    std::optional<Session> find(const nf_conntrack* key);

    // The kernel's own statistics: entries in this namespace, and how many there may be.
    struct Totals {
        std::uint32_t count = 0;
        std::uint32_t limit = 0;
    };
    Totals totals();

  private:
    nlmsghdr* request(std::uint16_t type, std::uint16_t flags);
    void send(const nlmsghdr* message);
    // Receives until the answer to the last request is complete; the error number it ended with.
    int receive(const std::function<void(const nlmsghdr*)>& visit);
    bool change(nlmsghdr* message, const nf_conntrack* entry, std::uint32_t id,
                std::optional<std::uint32_t> mark_mask);

    std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)> socket_;
    std::vector<char> buffer_;
    std::uint32_t sequence_ = 0;
};

}  // namespace ctgate::conntrack

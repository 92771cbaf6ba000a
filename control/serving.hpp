// SPDX-License-Identifier: GPL-2.0-only
// What is being served, as the daemon writes it down for the other subcommands.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/pool.hpp"
#include "control/run_directory.hpp"

namespace ctgate {

// table: the nft table; program: on an interface; pin: of a map or program, or the whole directory;
// conntrack: its table was emptied, and sessions began anew from their mappings.
constexpr const char* repair_names[] = {"table", "program", "pin", "conntrack"};

struct Serving {
    std::string version;  // of the ctgate that wrote it
    std::vector<std::string> internal;
    std::vector<ExternalInterface> external;
    std::uint32_t accepted_mark = CTGATE_ACCEPTED_MARK;
    std::uint64_t max_sessions = 0;       // as configured; 0: none
    int daemon = 0;                       // pid of the daemon that brought this about
    std::string table;                    // nft::fingerprint() of our table
    std::vector<ForwardOption> forwards;  // configured, without those made at run time

    // How established sessions are forwarded, and why not faster.
    struct ShortPath {
        FastPath mode = FastPath::off;  // what is in use: never `automatic`
        std::set<int> xdp;              // ifindexes of interfaces with our program in XDP
        std::uint64_t sessions = 0;     // that the session cache holds
        std::uint64_t bytes = 0;        // of kernel memory that it takes
        std::vector<std::string> reasons;
        std::vector<std::string> warnings;
    };
    ShortPath short_path;

    // How often something of ours was removed or changed by somebody else, and put back, since the
    // gateway first started: by what it was, each of repair_names.
    std::map<std::string, std::uint64_t> repairs;

    bool has_address() const;
    std::set<IpAddress> addresses() const;  // external ones, of all interfaces

    void write(const RunDirectory& directory) const;
    // nullopt: nothing was served yet, or the file is not of this version's making.
    static std::optional<Serving> read(const RunDirectory& directory);
};

// The accepted bit in the namespace the thread is in; the default where nothing serves.
std::uint32_t accepted_mark_in_force();

}  // namespace ctgate

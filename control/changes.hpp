// SPDX-License-Identifier: GPL-2.0-only
// Changes of this machine that `ctgate down` takes back: each is noted in the journal first, made
// only where it is needed, and known to undo(). Those of the dataplane: attachment.hpp.
#pragma once

#include <string>

#include "control/config.hpp"
#include "control/fd.hpp"
#include "control/journal.hpp"
#include "control/run_directory.hpp"

namespace ctgate::changes {

// True when the setting has this value now; false when this network namespace may not change it,
// or has no such setting. `ifindex`: of the interface whose name the last directory is, else 0.
bool set_sysctl(Journal& journal, const std::string& name, const std::string& value,
                int ifindex = 0);

void add_address(Journal& journal, const AddressOption& option);
void add_route(Journal& journal, const RouteOption& option);

// The named network namespace was created by us (call it right after), and is entered already.
void note_netns(Journal& journal, const std::string& name);
// Moves the interface from network namespace `origin` into the one the thread is in, and sets it
// up. No change when it is here already and not there.
void move_interface(Journal& journal, const std::string& interface, const FileDescriptor& origin);

// Our nft table is about to be made.
void note_table(Journal& journal);

// The keys under which these are in the journal.
std::string key_of_sysctl(const std::string& name);
std::string key_of(const AddressOption& option);
std::string key_of(const RouteOption& option);
std::string key_of_move(const std::string& interface);

// Takes back any of them; what is gone already is no error. The thread is in the namespace that
// was changed, and `origin` is the one from which the command was called.
void undo(const Change& change, const RunDirectory& directory, const FileDescriptor& origin);

}  // namespace ctgate::changes

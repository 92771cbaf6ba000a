// SPDX-License-Identifier: GPL-2.0-only
// The subcommands. Each takes the words behind its own name, prints to stdout, throws on failure
// (caught once, in main) and returns the exit status.
#pragma once

#include <span>
#include <string>

namespace ctgate {

using Arguments = std::span<const std::string>;

// Exit statuses of every subcommand.
enum ExitStatus : int {
    exit_success = 0,
    exit_failure = 1,      // something could not be done; stderr names it
    exit_usage = 2,        // options or configuration file are wrong
    exit_not_serving = 3,  // status: nothing of ctgate serves this namespace (LSB: not running)
    exit_no_daemon = 4,    // status: the dataplane serves, but no `ctgate run` watches over it
};

int run_command(Arguments arguments);
int status_command(Arguments arguments);
int down_command(Arguments arguments);
int reload_command(Arguments arguments);
int confirm_command(Arguments arguments);
int check_command(Arguments arguments);
int doctor_command(Arguments arguments);
int show_command(Arguments arguments);
int top_command(Arguments arguments);
int flush_command(Arguments arguments);
int lookup_command(Arguments arguments);
int explain_command(Arguments arguments);
int whois_command(Arguments arguments);
int forward_command(Arguments arguments);
int save_command(Arguments arguments);
int restore_command(Arguments arguments);
int events_command(Arguments arguments);
int lab_command(Arguments arguments);
int selftest_command(Arguments arguments);
int version_command(Arguments arguments);

}  // namespace ctgate
